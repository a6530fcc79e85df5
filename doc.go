// Package kitgen is where the parts of the toolkit meet: it holds nothing but
// the version that generated code asks for.
//
// Who is there is in sd, which one to call in lb, what surrounds a call in
// middleware, over which wire in transport. ARCHITECTURE.md has them on one
// screen. Command kitgen, in cmd/kitgen, makes a service of them from a Go
// interface.
package kitgen
