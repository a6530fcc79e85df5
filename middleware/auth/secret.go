package auth

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a string that is not printed: fmt, log, slog and the encoders of
// text, JSON and XML show a placeholder, also where it is an unexported field.
// The zero value is the empty secret.
//
// It cannot be compared with ==, which would tell by its time how much of a
// guess is right: compare digests with crypto/subtle.
type Secret struct {
	reveal func() string // a closure: reflection, and so fmt, does not see into it
}

// NewSecret returns s as a Secret.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{func() string { return s }}
}

// Reveal returns the secret itself.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.reveal == nil }

// String returns a placeholder.
func (s Secret) String() string { return redacted }

// Format writes the placeholder, whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns the placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns the placeholder, so JSON has it too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText makes text the secret, so that it can be read from JSON, a flag
// or the environment. It refuses the placeholder, which somebody has printed.
func (s *Secret) UnmarshalText(text []byte) error {
	if string(text) == redacted {
		return errors.New("auth: " + redacted + " stands for a secret that was printed: want the secret itself")
	}
	*s = NewSecret(string(text))
	return nil
}
