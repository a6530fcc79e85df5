// Package apikey knows callers by keys that they were given.
//
//	keys := apikey.New(apikey.Config{Keys: []apikey.Key{
//		{ID: "billing", SHA256: "2c26…", Scopes: []string{"orders:read"}},
//	}})
//	guard := auth.New(auth.Config{Verifiers: []auth.Verifier{keys.Verify}})
//
// It keeps SHA-256 digests, never the keys, and compares a call's digest with
// all of them, each in constant time. So what a guess shares with a key, its
// length, which key it meets and how many it has passed do not show in the
// time that it takes. A plain hash is enough because a key is random: this is
// not for passwords, which people choose, and for which no hash is slow enough.
//
// The time grows with the number of keys: it is for services that know tens or
// hundreds of callers. For more, write an auth.Verifier over your own store.
package apikey
