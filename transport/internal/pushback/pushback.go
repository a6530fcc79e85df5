// Package pushback is when to come again, as errors say it and as both wires
// write it: gRPC's trailer (its proposal A6), which HTTP has as a header.
package pushback

import (
	"errors"
	"strconv"
	"time"

	"github.com/kitgen/kitgen/transport/internal/decimal"
	"github.com/kitgen/kitgen/transport/internal/guard"
)

// Trailer is the name of gRPC's.
const Trailer = "grpc-retry-pushback-ms"

const (
	// Never is what stands for every negative pushback: do not come again.
	Never = -time.Millisecond
	// Most is the longest that is said or believed. Nobody waits for more.
	Most = 24 * time.Hour
)

// Of returns what err says by a method
//
//	RetryAfter() (after time.Duration, ok bool)
//
// anywhere in its tree; the first such error decides. A panic says nothing,
// whatever its value.
func Of(err error) (after time.Duration, ok bool) {
	if _, panicked := errors.AsType[*guard.Panic](err); panicked {
		return 0, false
	}
	if p, has := errors.AsType[interface {
		error
		RetryAfter() (after time.Duration, ok bool)
	}](err); has {
		return p.RetryAfter()
	}
	return 0, false
}

// String is after as it travels: milliseconds, rounded up so that nobody comes
// early; -1 for never.
func String(after time.Duration) string { return strconv.FormatInt(ceil(after, time.Millisecond), 10) }

// Seconds is String for HTTP's Retry-After, which has no way to say never.
func Seconds(after time.Duration) string { return strconv.FormatInt(ceil(after, time.Second), 10) }

func ceil(after, unit time.Duration) int64 {
	if after < 0 {
		return -1
	}
	return int64((min(after, Most) + unit - 1) / unit)
}

// Parse reads what String writes. What is no number is Never, as A6 has it: a
// server that wrote it did mean to hold its caller back.
func Parse(text string) time.Duration {
	n, ok := decimal.Parse(text)
	if n < 0 || !ok {
		return Never
	}
	return time.Duration(min(n, Most.Milliseconds())) * time.Millisecond
}
