// Package render turns what is known about a service into the text of its
// files. [Render] is a pure function: the same input gives the same bytes, and
// nothing is read or written but the templates it is given.
//
// To make another file, add a template; its path is the file's path and its
// first line says whether the file is generated or seeded. Every decision that
// a template prints (a name, a Go expression, a conversion) is made here.
//
// The package does not know what is on disk. What happens to a file that is
// there already is decided by package project.
package render
