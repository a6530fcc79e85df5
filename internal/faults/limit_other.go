//go:build unix && !linux

package main

import "errors"

// needsPrlimit says why another process's limits cannot be set here.
func needsPrlimit() error { return errors.New("only Linux can limit another process (prlimit)") }

// limitFiles is not called where needsPrlimit objects.
func limitFiles(int, uint64) error { return needsPrlimit() }
