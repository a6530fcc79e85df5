package anon

import "context"

// Service names none of its values, of which there is one each.
type Service interface {
	Foo(context.Context, string) (int, error)
}
