// Package foo is the smallest service of go-kit's first kitgen.
package foo

import "context"

// FooService does one thing.
type FooService interface {
	Bar(ctx context.Context, i int, s string) (string, error)
}
