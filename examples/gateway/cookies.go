package main

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
)

// cookies hold the ID of an instance, encrypted: who has one can neither read it,
// which says how the service is made up, nor write one, to choose an instance.
type cookies struct{ aead cipher.AEAD }

const keySize = 32

func newCookies(secret []byte) (cookies, error) {
	if len(secret) != keySize {
		return cookies{}, fmt.Errorf("the secret has %d bytes; want %d, as from: head -c %d /dev/urandom", len(secret), keySize, keySize)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return cookies{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return cookies{aead}, err
}

// seal returns the value of a cookie.
func (c cookies) seal(instance string) string {
	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(nil, nil, []byte(instance), []byte(cookieName))) //nolint:gosec // the nonce is random, as NewGCMWithRandomNonce has it
}

// open returns what seal was given; nothing if the value is another's.
func (c cookies) open(value string) string {
	sealed, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return ""
	}
	instance, err := c.aead.Open(nil, nil, sealed, []byte(cookieName))
	if err != nil {
		return ""
	}
	return string(instance)
}
