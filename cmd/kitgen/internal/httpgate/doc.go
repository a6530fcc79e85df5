// Package httpgate guards the HTTP side of a service as package protogen guards the
// gRPC side. The lock is the OpenAPI document that kitgen wrote and the user has
// committed: before it is written anew, [Check] compares what callers know by it
// with what the new one says.
//
// What such callers would misread is refused: a route that is another, a key or a
// value of another type, numbers that do not fit any more, a code with another
// status; and so is what looks like another name for something they know. What they
// will miss, or have not met so far, is the service's right, and told.
//
// It reads documents as package render writes them, and deliberately nothing else of
// OpenAPI.
package httpgate
