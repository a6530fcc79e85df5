package lb

import (
	"context"

	"github.com/kitgen/kitgen/internal/attempt"
)

// WithKey returns a context for calls that belong together, such as those of
// one user: balancers that hash send them to the same instance. The key is
// hashed at once. The innermost key counts.
func WithKey(ctx context.Context, key string) context.Context {
	return &keyed{Context: ctx, hash: hashKey(key), call: attempt.From(ctx)}
}

// keyed is a context with the hash of a key. It knows what else a pick asks of a
// context, so that one which is given it as it is has to look no further.
type keyed struct {
	context.Context //nolint:containedctx // it is one
	hash            uint64
	call            *attempt.Call
}

type keyedKey struct{}

// Value implements context.Context.
func (k *keyed) Value(key any) any {
	if key == (keyedKey{}) {
		return k
	}
	return k.Context.Value(key)
}

// keyFrom returns the hash of the key that ctx carries.
func keyFrom(ctx context.Context) (hash uint64, ok bool) {
	k, ok := ctx.Value(keyedKey{}).(*keyed)
	if !ok {
		return 0, false
	}
	return k.hash, true
}

// Untimed returns a context for calls that take as long as they take: long
// polls, and calls that open a stream and return when it ends. They count as in
// flight, and their failures count, but their latency and their silence say
// nothing about the instance.
func Untimed(ctx context.Context) context.Context { return context.WithValue(ctx, untimedKey{}, true) }

type untimedKey struct{}

func untimed(ctx context.Context) bool { return ctx.Value(untimedKey{}) != nil }
