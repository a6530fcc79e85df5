package anon

import "context"

// Service names none of its values.
type Service interface {
	Foo(context.Context, int, string) (int, error)
}
