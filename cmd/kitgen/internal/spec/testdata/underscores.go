package underscores

import "context"

// Service has names that are none.
type Service interface {
	Foo(_ context.Context, _ int, _ string) (_ int, _ error)
}
