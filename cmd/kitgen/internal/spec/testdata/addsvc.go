// Package addsvc adds.
package addsvc

import "context"

// Service adds numbers and joins text.
type Service interface {
	// Sum adds two numbers.
	//
	//kit:idempotent
	Sum(ctx context.Context, a, b int) (sum int, err error)

	// Concat joins two texts.
	//
	//kit:idempotent
	//kit:timeout 500ms
	Concat(ctx context.Context, a, b string) (text string, err error)
}
