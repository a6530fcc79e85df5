// Package spec is what kitgen knows about a service: plain data, read from a
// Go interface, printable as JSON. Every decision is made here; templates only
// lay out.
//
// [Load] reads the package that declares the interface. It type-checks nothing
// but type declarations, with stand-ins for every import, so that it takes
// well under a millisecond, needs no network and no build cache, and does not
// care whether generated code is there or function bodies compile. What cannot
// be generated is refused with [Problems]: all of them at once, each with its
// place, its reason and its mend.
//
// To carry another Go type over the wire, add a [Kind] and teach convert.go to
// recognise it; package protogen and the templates then need a case each.
//
// Of other packages, the source of a type that travels or of a constant that one
// needs is read, where the module, its vendor directory or the module cache has it,
// and checked the same way. It deliberately runs no go command for that, and
// downloads nothing.
package spec
