// Package abuse attacks a service from outside, one test per kind of attack: a
// process of its own serves HTTP and gRPC with certificates on both sides, and
// all the while a client that behaves calls it, and must see no error.
//
// What each attack is answered with is compared with the table in
// docs/security.md.
package abuse
