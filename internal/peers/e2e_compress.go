package main

import _ "unsafe" // for go:linkname

// compressors are those of grpc-go that its clients say they take, in a header of
// every call. One system's tracing registers one, for all in this process: the
// calls of the others, and of the floor, would have a header more than in a
// program of their own, and with it as many as grow what a server keeps them in.
//
//go:linkname compressors google.golang.org/grpc/internal/grpcutil.RegisteredCompressorNames
var compressors []string //nolint:gochecknoglobals // it is grpc's

func init() { compressors = nil } //nolint:gochecknoinits // before the first connection
