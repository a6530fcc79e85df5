// Package templates holds what kitgen writes. The tree under service looks
// like the service it makes.
//
// The first line of every template says what becomes of its file:
//
//	{{/* generated */ -}}        kitgen's: rewritten whenever the interface changes
//	{{/* seeded */ -}}           the user's: written once; kitgen only inserts missing methods
//
// A second word is what a service must have for there to be such a file: http or
// grpc, which it speaks; errors of its own; a module of its own; a unary method,
// which is one that is no stream.
//
// A seeded template may define a "method" template, which is used for every
// method at birth and alone for one that is missing later.
//
// Templates lay out and decide nothing: what they print was worked out by
// cmd/kitgen/internal/render from the interface.
package templates
