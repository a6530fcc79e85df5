package apikey_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/go-kit/kit/endpoint"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/apikey"
)

// keys returns n keys; the last is the caller's.
func keys(n int) (all []apikey.Key, last auth.Secret) {
	for i := range n {
		last = auth.NewSecret(fmt.Sprintf("%s-%04d", strings.Repeat("k", 27), i))
		all = append(all, apikey.Key{ID: fmt.Sprint("caller", i), Secret: last})
	}
	return all, last
}

func TestAllocations(t *testing.T) {
	known, key := keys(3)
	call := auth.New(auth.Config{Verifiers: []auth.Verifier{apikey.New(apikey.Config{Keys: known}).Verify}})(endpoint.Nop)
	ctx := auth.WithCredentials(t.Context(), auth.Credentials{APIKey: key})
	if n := testing.AllocsPerRun(1000, func() { _, _ = call(ctx, nil) }); n > 1 { // the context with the principal
		t.Errorf("a call with a key costs %v allocations", n)
	}
	bad := auth.WithCredentials(t.Context(), auth.Credentials{APIKey: auth.NewSecret(key.Reveal() + "x")})
	if n := testing.AllocsPerRun(1000, func() { _, _ = call(bad, nil) }); n > 2 { // the error with its challenge, and finding it
		t.Errorf("a call with a wrong key costs %v allocations", n)
	}
}

func BenchmarkKey(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			known, key := keys(n)
			call := auth.New(auth.Config{Verifiers: []auth.Verifier{apikey.New(apikey.Config{Keys: known}).Verify}})(endpoint.Nop)
			ctx := auth.WithCredentials(b.Context(), auth.Credentials{APIKey: key})
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call(ctx, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNoCheck(b *testing.B) { // what any middleware that adds a value costs
	type key struct{}
	p := new(auth.Principal)
	call := func(ctx context.Context, request any) (any, error) {
		return endpoint.Nop(context.WithValue(ctx, key{}, p), request)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = call(b.Context(), nil)
	}
}
