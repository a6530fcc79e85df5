// Package addsvc adds numbers and joins strings. What is written by hand is this
// file, service.go and its test.
package addsvc

import "context"

// Service adds things up.
type Service interface {
	// Sum adds two numbers.
	//
	//kit:idempotent
	Sum(ctx context.Context, a, b int) (sum int, err error)

	// Concat joins two strings.
	//
	//kit:idempotent
	Concat(ctx context.Context, a, b string) (joined string, err error)
}
