// Package archtest holds the tests of the repository's shape: which package may
// import which, what the library's binaries must not contain, and that every
// direct dependency has a reason in DECISIONS.md. A failure prints the rule and
// why it is one.
//
// To allow a new arrow, add it to the table in arrows_test.go, and to
// ARCHITECTURE.md if a reader should know. The package does not judge what is
// inside a package; linters do that.
package archtest
