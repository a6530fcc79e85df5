package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Config says what is kept and for how long. Only Key is needed.
type Config struct {
	// Key returns what identifies the answer to a request, and false if the
	// answer is not to be kept; New panics if nil. All that the answer depends on
	// must be in the key: where users may see different things, the user too. It
	// is called on the caller's goroutine and must be safe for concurrent use.
	Key func(ctx context.Context, request any) (key string, ok bool)

	TTL      time.Duration // how long a response answers instead of a call; 10 s if zero
	MaxStale time.Duration // how long after that it answers for a call that failed; not at all if zero

	// Entries is how many responses are kept for each endpoint, however large
	// they are; 1024 if zero.
	Entries int

	Classify classify.Func // what an outcome means; classify.Default if nil

	Stats *Stats // counts calls, of all endpoints together; not counted if nil
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	switch {
	case c.Key == nil:
		return errors.New("cache: Config.Key is nil: want a function that says which calls have the same answer")
	case c.TTL < 0:
		return fmt.Errorf("cache: Config.TTL is %v: want more than 0, or 0 for 10s", c.TTL)
	case c.MaxStale < 0:
		return fmt.Errorf("cache: Config.MaxStale is %v: want more than 0, or 0 for none", c.MaxStale)
	case c.Entries < 0:
		return fmt.Errorf("cache: Config.Entries is %d: want at least 1, or 0 for 1024", c.Entries)
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.TTL = cmp.Or(c.TTL, 10*time.Second)
	c.Entries = cmp.Or(c.Entries, 1024)
	if c.Classify == nil {
		c.Classify = classify.Default
	}
	return c
}
