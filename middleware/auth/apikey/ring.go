package apikey

import (
	"context"
	"sync/atomic"

	"github.com/kitgen/kitgen/middleware/auth"
)

// Ring is the keys in force. It is safe for concurrent use.
type Ring struct {
	bearer           bool
	table            atomic.Pointer[table]
	missing, unknown *auth.Error // made once: guessing should cost us little
	expired          *auth.Error
}

// New returns a ring of keys, whose method Verify is an auth.Verifier. A cfg
// that Validate rejects is a mistake in the program, and New panics with
// Validate's error.
func New(cfg Config) *Ring {
	r := &Ring{
		bearer:  cfg.Bearer,
		missing: &auth.Error{Kind: auth.ErrMissing, Reason: "no API key"},
		unknown: &auth.Error{Reason: "unknown API key"},
		expired: &auth.Error{Reason: "the API key has expired"},
	}
	if err := r.Set(cfg.Keys); err != nil {
		panic(err)
	}
	return r
}

// Set puts other keys in force, from the next call on. If one makes no sense it
// returns the error of Validate, and those before stay.
func (r *Ring) Set(keys []Key) error {
	t, err := newTable(keys)
	if err != nil {
		return err
	}
	r.table.Store(t)
	return nil
}

// Verify is an auth.Verifier. The Principal has no Issuer and no Claims.
func (r *Ring) Verify(_ context.Context, shown auth.Credentials) (*auth.Principal, error) {
	key := shown.APIKey
	if key.Empty() && r.bearer && shown.Scheme == "bearer" {
		key = shown.Token
	}
	if key.Empty() {
		return nil, r.missing
	}
	e := r.table.Load().find(key.Reveal())
	switch {
	case e == nil:
		return nil, r.unknown
	case e.expired():
		return nil, r.expired
	}
	return &e.principal, nil
}
