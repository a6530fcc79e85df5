// Package project decides what becomes of each file of a service and writes
// it. [New] plans a service that is not there yet, [Update] brings one up to
// date; both only read. [Plan.Apply] writes: everything or nothing, each file
// by a rename, all below one directory.
//
// Three kinds of file have three rules. A generated file is rewritten, unless
// somebody edited it, which the hash in kitgen.json tells. A seeded file is
// the user's: text is only ever inserted into it, at an offset, so no byte of
// theirs is printed anew. The .proto is generated and read back, so that field
// numbers stay.
//
// A template more needs no change here. The package deliberately deletes
// nothing of the user's: what the interface no longer has is reported.
package project
