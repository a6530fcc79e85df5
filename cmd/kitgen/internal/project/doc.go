// Package project decides what becomes of each file of a service and writes
// it. [New] plans a service that is not there yet, [Update] brings one up to
// date; both only read. [Plan.Apply] writes: everything or nothing, each file
// by a rename, all below one directory.
//
// Three kinds of file have three rules. A generated file is rewritten, unless
// somebody edited it, which the hash in kitgen.json tells. A seeded file is
// the user's: text is inserted into it at an offset, and the signature of a
// method is changed in place, so no other byte of theirs is printed anew. The
// .proto is generated and read back, so that field numbers stay.
//
// What each seeded file would be if nobody had touched it is in
// .kitgen/base.txtar. From it a stub is known to be one, a method to have been
// renamed, and an upgrade to be a three-way merge. Whatever is done to the
// user's files is done to these texts, too.
//
// A template more needs no change here. The package deliberately deletes
// nothing of the user's: what the interface no longer has is reported, and goes only
// if it is asked to go and nobody touched it.
package project
