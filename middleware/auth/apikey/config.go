package apikey

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/kitgen/kitgen/middleware/auth"
)

const (
	minKey = 16  // bytes of a key; fewer can be guessed
	maxKey = 512 // bytes of a key; a call that shows more is not worth hashing
)

// Key is one key of one caller. A caller may have several, so that a new one is
// in force before the old one goes.
type Key struct {
	ID       string      // the Principal's ID; required
	Secret   auth.Secret // the key, printable ASCII of 16 to 512 bytes that nobody can guess; or else
	SHA256   string      // its SHA-256 digest in hexadecimal, so that the key itself need not be kept
	Scopes   []string    // the Principal's
	NotAfter time.Time   // the key is not good after this; for ever if zero
}

// Config is the keys to begin with. The zero value knows nobody.
type Config struct {
	Keys []Key // in force until Set replaces them
	// Bearer also takes the token of "Authorization: Bearer" for a key, where
	// the header for API keys is not there.
	Bearer bool
}

// Validate returns an error that names the first field that makes no sense. It
// never holds a key.
func (c Config) Validate() error {
	_, err := newTable(c.Keys)
	return err
}

// digest returns the SHA-256 digest of the key.
func (k Key) digest() (d [sha256.Size]byte, mend string) {
	switch {
	case k.ID == "":
		return d, "ID is empty: want the caller's name"
	case k.Secret.Empty() == (k.SHA256 == ""):
		return d, "Secret and SHA256: want one of the two"
	case k.SHA256 != "":
		b, err := hex.DecodeString(k.SHA256)
		if err != nil || len(b) != sha256.Size {
			return d, fmt.Sprintf("SHA256 is not a digest: want %d hexadecimal digits", 2*sha256.Size)
		}
		return [sha256.Size]byte(b), ""
	}
	secret := k.Secret.Reveal()
	if len(secret) < minKey || len(secret) > maxKey {
		return d, fmt.Sprintf("Secret has %d bytes: want %d to %d", len(secret), minKey, maxKey)
	}
	for _, b := range []byte(secret) {
		if b <= ' ' || b > '~' {
			return d, "Secret holds a space or what is not ASCII: want what a header can carry"
		}
	}
	return sha256.Sum256([]byte(secret)), ""
}
