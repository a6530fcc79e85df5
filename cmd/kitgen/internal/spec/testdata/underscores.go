package underscores

import "context"

// Service has names that are none.
type Service interface {
	Foo(_ context.Context, _ string) (_ int, _ error)
}
