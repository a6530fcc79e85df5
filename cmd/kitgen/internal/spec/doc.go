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
// It deliberately does not read other packages: a struct that travels is
// declared beside the interface, so that one package shows the whole contract.
package spec
