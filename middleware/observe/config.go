package observe

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Config says what is observed, and by whom. The zero value observes nothing
// and costs nothing.
type Config struct {
	Side      Side       // Client if zero, or Server; Attempts does not read it
	Service   string     // the one that is called, also on its own side
	Balancer  string     // that picks the instances, such as "adaptive"; unknown if empty
	Observers []Observer // in the order in which they start; the last ends first

	// Method finds the method of a call. If it is nil or returns the empty
	// string, Calls takes the one it was given, and Attempts that of the Client's
	// call it is a part of. With a Method, Calls makes one more allocation.
	Method func(ctx context.Context, request any) string

	Breaker  func(instance string) string // for Attempts: what the circuit of an instance is; unknown if nil
	Classify classify.Func                // what an outcome means; classify.Default if nil
	Logger   log.Logger                   // told when an observer panics, once for each; silent if nil
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	if c.Side != Client && c.Side != Server {
		return fmt.Errorf("observe: Config.Side is %v: want Client or Server; attempts are what Attempts observes", c.Side)
	}
	if i := slices.Index(c.Observers, nil); i >= 0 {
		return fmt.Errorf("observe: Config.Observers[%d] is nil: want an Observer, or none in its place", i)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.Classify == nil {
		c.Classify = classify.Default
	}
	if c.Method == nil {
		c.Method = func(context.Context, any) string { return "" }
	}
	if c.Breaker == nil {
		c.Breaker = func(string) string { return "" }
	}
	if c.Logger == nil {
		c.Logger = log.NewNopLogger()
	}
	return c
}
