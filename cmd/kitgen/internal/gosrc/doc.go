// Package gosrc finds the source of an import path without running the go
// command, which takes longer than all of kitgen: by go.mod, go.work, vendor
// directory, module cache and GOROOT, as they are on disk.
//
// It downloads nothing and checks nothing: what it finds is what the go command
// would compile, if the module builds.
package gosrc
