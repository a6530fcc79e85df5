// Command newcomer counts what somebody who has only Go types until a service of
// a generator's is registered, answers over HTTP and over gRPC, and has tests
// that pass with the race detector. It plays the same with kitgen, goctl, kitex
// and kratos, each by its own documentation, in an empty directory, and prints a
// table:
//
//	commands   what is typed, tools' installation and registries included
//	by hand    lines written into files
//	files      that are there in the end
//	time       of the commands, those that install aside
//
// A tool that does not install here has the reason in its row, and what it
// cannot do is told from what did not work.
//
// It needs the Go module proxy and, for goctl, protoc; scripts/newcomer.sh runs
// it.
package main
