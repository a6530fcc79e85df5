package apikey_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/auth/apikey"
)

const (
	keyA = "aaaaaaaa-aaaaaaaa"
	keyB = "bbbbbbbb-bbbbbbbb"
)

func digest(key string) string {
	d := sha256.Sum256([]byte(key))
	return hex.EncodeToString(d[:])
}

func show(r *apikey.Ring, key string) (*auth.Principal, error) {
	return r.Verify(context.Background(), auth.Credentials{APIKey: auth.NewSecret(key)})
}

func TestVerify(t *testing.T) {
	r := apikey.New(apikey.Config{Keys: []apikey.Key{
		{ID: "a", Secret: auth.NewSecret(keyA), Scopes: []string{"read"}},
		{ID: "b", SHA256: strings.ToUpper(digest(keyB))},
	}})
	a := &auth.Principal{ID: "a", Method: "apikey", Scopes: []string{"read"}}
	b := &auth.Principal{ID: "b", Method: "apikey"}
	for key, want := range map[string]*auth.Principal{
		keyA:                       a,
		keyB:                       b,
		keyA[:len(keyA)-1]:         nil,
		keyA + "a":                 nil,
		"x" + keyA[1:]:             nil,
		strings.ToUpper(keyA):      nil,
		digest(keyB):               nil, // the digest is not the key
		strings.Repeat("a", 1<<20): nil,
		"[redacted]":               nil,
	} {
		got, err := show(r, key)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.20s (-want +got):\n%s", key, diff)
		}
		if want == nil && (!errors.Is(err, auth.ErrUnauthenticated) || errors.Is(err, auth.ErrMissing)) {
			t.Errorf("%.20s: %v", key, err)
		}
		if err != nil && strings.Contains(err.Error(), key) {
			t.Errorf("the error repeats the key: %v", err)
		}
	}
}

func TestNothingShown(t *testing.T) {
	token := auth.Credentials{Scheme: "bearer", Token: auth.NewSecret(keyA)}
	known := []apikey.Key{{ID: "a", Secret: auth.NewSecret(keyA)}}
	for name, tt := range map[string]struct {
		cfg   apikey.Config
		shown auth.Credentials
		ok    bool
	}{
		"nothing":                {apikey.Config{Keys: known, Bearer: true}, auth.Credentials{}, false},
		"a bearer token":         {apikey.Config{Keys: known}, token, false},
		"a bearer token, taken":  {apikey.Config{Keys: known, Bearer: true}, token, true},
		"another scheme's token": {apikey.Config{Keys: known, Bearer: true}, auth.Credentials{Scheme: "basic", Token: token.Token}, false},
	} {
		p, err := apikey.New(tt.cfg).Verify(t.Context(), tt.shown)
		if tt.ok != (p != nil) || !tt.ok && !errors.Is(err, auth.ErrMissing) {
			t.Errorf("%s: %v %v", name, p, err)
		}
	}
	if _, err := show(apikey.New(apikey.Config{}), keyA); err == nil {
		t.Error("a ring without keys lets somebody in")
	}
}

func TestKeysExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := apikey.New(apikey.Config{Keys: []apikey.Key{
			{ID: "old", Secret: auth.NewSecret(keyA), NotAfter: time.Now().Add(time.Hour)},
			{ID: "new", Secret: auth.NewSecret(keyB)},
		}})
		if _, err := show(r, keyA); err != nil {
			t.Errorf("before its time: %v", err)
		}
		time.Sleep(time.Hour + 1)
		if _, err := show(r, keyA); err == nil || !strings.Contains(err.Error(), "expired") {
			t.Errorf("after its time: %v", err)
		}
		if _, err := show(r, keyB); err != nil {
			t.Errorf("the other key: %v", err)
		}
	})
}

func TestSetReplacesAllOrNothing(t *testing.T) {
	r := apikey.New(apikey.Config{Keys: []apikey.Key{{ID: "a", Secret: auth.NewSecret(keyA)}}})
	if err := r.Set([]apikey.Key{{ID: "b", Secret: auth.NewSecret(keyB)}, {ID: "c"}}); err == nil {
		t.Error("took a key that is none")
	}
	if _, err := show(r, keyA); err != nil {
		t.Errorf("a failed Set has dropped the key: %v", err)
	}
	if err := r.Set([]apikey.Key{{ID: "b", Secret: auth.NewSecret(keyB)}}); err != nil {
		t.Error(err)
	}
	if _, err := show(r, keyA); err == nil {
		t.Error("the old key is still good")
	}
	if _, err := show(r, keyB); err != nil {
		t.Errorf("the new key: %v", err)
	}
}

func TestSetDuringCalls(t *testing.T) { // for the race detector
	both := []apikey.Key{{ID: "a", Secret: auth.NewSecret(keyA)}, {ID: "b", Secret: auth.NewSecret(keyB)}}
	r := apikey.New(apikey.Config{Keys: both})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 500 {
				if _, err := show(r, keyA); err != nil {
					t.Error(err)
				}
				if i == 0 {
					if err := r.Set([]apikey.Key{both[1], both[0]}); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

func TestValidateNamesTheFieldAndNotTheKey(t *testing.T) {
	secret := auth.NewSecret
	for want, keys := range map[string][]apikey.Key{
		"Keys[0].ID is empty":                   {{Secret: secret(keyA)}},
		"Keys[0].Secret and SHA256: want one":   {{ID: "a"}},
		"Keys[1].Secret and SHA256: want one":   {{ID: "a", Secret: secret(keyA)}, {ID: "b", Secret: secret(keyB), SHA256: digest(keyB)}},
		"Keys[0].SHA256 is not a digest":        {{ID: "a", SHA256: keyA}},
		"Keys[0].Secret has 15 bytes: want 16":  {{ID: "a", Secret: secret(keyA[:15])}},
		"Keys[0].Secret has 513 bytes: want 16": {{ID: "a", Secret: secret(strings.Repeat("a", 513))}},
		"Keys[0].Secret holds a space":          {{ID: "a", Secret: secret(keyA + " ")}},
		"Keys[1] is the same key as Keys[0]":    {{ID: "a", Secret: secret(keyA)}, {ID: "b", SHA256: digest(keyA)}},
	} {
		err := apikey.Config{Keys: keys}.Validate()
		if err == nil || !strings.Contains(err.Error(), "apikey: Config."+want) {
			t.Errorf("%v, want %s", err, want)
			continue
		}
		if strings.Contains(err.Error(), keyA[:15]) {
			t.Errorf("the error repeats the key: %v", err)
		}
		func() {
			defer func() {
				if got := recover(); fmt.Sprint(got) != err.Error() {
					t.Errorf("New panicked with %v", got)
				}
			}()
			apikey.New(apikey.Config{Keys: keys})
		}()
	}
	if err := (apikey.Config{}).Validate(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
}

func TestConfigIsNotPrinted(t *testing.T) {
	cfg := apikey.Config{Keys: []apikey.Key{{ID: "a", Secret: auth.NewSecret(keyA)}}}
	for _, v := range []any{cfg, &cfg, apikey.New(cfg)} {
		if text := fmt.Sprintf("%v %+v %#v", v, v, v); strings.Contains(text, keyA) {
			t.Errorf("printed %s", text)
		}
	}
}

func FuzzVerify(f *testing.F) {
	r := apikey.New(apikey.Config{Keys: []apikey.Key{{ID: "a", Secret: auth.NewSecret(keyA)}}, Bearer: true})
	for _, seed := range []string{"", keyA, keyA + "\x00", keyB, digest(keyA)} {
		f.Add("bearer", seed)
	}
	f.Fuzz(func(t *testing.T, scheme, key string) {
		p, err := r.Verify(t.Context(), auth.Credentials{Scheme: scheme, Token: auth.NewSecret(key)})
		if (p != nil) != (key == keyA && scheme == "bearer") || (p == nil) == (err == nil) {
			t.Errorf("%q %q: %v %v", scheme, key, p, err)
		}
	})
}
