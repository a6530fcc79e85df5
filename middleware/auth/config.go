package auth

import (
	"errors"
	"fmt"
	"strings"
)

// Config says who is let in.
type Config struct {
	// Verifiers are asked in this order until one accepts, so the first that
	// can tell decides who the caller is. There must be one at least.
	Verifiers []Verifier

	// Optional lets a call go on without a Principal if it shows nothing that
	// a verifier looks for. Wrong credentials are turned down all the same.
	Optional bool

	Challenge string // WWW-Authenticate of a 401, such as `Bearer realm="orders"`; "Bearer" if empty
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	if len(c.Verifiers) == 0 {
		return errors.New("auth: Config.Verifiers is empty: want at least one, or nobody could call")
	}
	for i, v := range c.Verifiers {
		if v == nil {
			return fmt.Errorf("auth: Config.Verifiers[%d] is nil: want a function, such as kitjwt.New returns", i)
		}
	}
	if strings.ContainsFunc(c.Challenge, func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("auth: Config.Challenge is %q: want printable ASCII, as a header needs", c.Challenge)
	}
	return nil
}
