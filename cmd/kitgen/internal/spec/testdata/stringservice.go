// Package stringsvc changes and measures text.
package stringsvc

import (
	"context"
	"strings"
)

// Service works on strings.
type Service interface {
	// Concat joins two strings.
	Concat(ctx context.Context, a, b string) (joined string, err error)

	// Count counts the bytes of s.
	//
	//kit:noerror
	Count(ctx context.Context, s string) (count int)
}

type service struct{}

func (service) Concat(_ context.Context, a, b string) (string, error) { return a + b, nil }

func (service) Count(_ context.Context, s string) int { return undefined(strings.ToUpper(s)) }
