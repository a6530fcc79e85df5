package coalesce

import (
	"context"
	"errors"
)

// Config says which calls are alike.
type Config struct {
	// Key returns what identifies the answer to a request, and false if the call
	// is to be made alone; New panics if nil. All that the answer depends on must
	// be in the key: where users may see different things, the user too. It is
	// called on the caller's goroutine and must be safe for concurrent use.
	Key func(ctx context.Context, request any) (key string, ok bool)
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	if c.Key == nil {
		return errors.New("coalesce: Config.Key is nil: want a function that says which calls are alike")
	}
	return nil
}
