// Package contract runs gRPC's own end-to-end tests (google.golang.org/grpc/test)
// with our balancer where they say round_robin. It holds that test, and nothing
// else.
//
// They are part of gRPC's module and use its internal packages, so the test copies
// the module as it was downloaded, adds one file to the package, and runs it in a
// workspace with this repository. What cannot be run so: the tests of package grpc
// itself, which are within a package that ours imports, and those of gRPC's
// weighted_round_robin, which are about its own settings and clock.
package contract
