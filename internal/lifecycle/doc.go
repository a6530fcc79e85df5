// Command lifecycle starts and stops a real service and draws what happened:
//
//	go run ./internal/lifecycle -svg docs/lifecycle.svg
//
// The service is a child process that serves HTTP and gRPC and registers in a
// real etcd. This process calls it all the time, over both, and looks at etcd by
// a watch of its own; the steps come from the service's transport.Timeline. Its
// tests stop such services in every way that the world knows: with the registry
// frozen or down, with handlers that never return, with a thousand idle
// connections, in the middle of the start, twice.
//
// To add a way, add a row to the stops in stop_test.go.
package main
