// Package header reads credentials from header values, the same for every wire.
package header

import (
	"strings"

	"github.com/kitgen/kitgen/middleware/auth"
)

// Read returns what the values of the Authorization header and those of the
// header for API keys show. More than one value of either is a fault: what
// reads the first and what reads the last would believe different callers.
func Read(authorization, apiKey []string) auth.Credentials {
	var c auth.Credentials
	switch len(authorization) {
	case 0:
	case 1:
		c = parse(authorization[0])
	default:
		c.Fault = "more than one Authorization header"
	}
	switch {
	case len(apiKey) == 1 && printable(apiKey[0]):
		c.APIKey = auth.NewSecret(apiKey[0])
	case len(apiKey) == 1:
		c.Fault = "an API key with spaces or control characters"
	case len(apiKey) > 1:
		c.Fault = "more than one API key"
	}
	return c
}

// parse reads "Scheme credentials", of RFC 9110, section 11.4. Those of Bearer
// are one word; of others they are anything.
func parse(value string) auth.Credentials {
	scheme, token, _ := strings.Cut(value, " ")
	token = strings.TrimLeft(token, " ")
	c := auth.Credentials{Scheme: strings.ToLower(scheme)}
	switch {
	case !printable(scheme), token == "":
		return auth.Credentials{Fault: "an Authorization header that is not a scheme and its credentials"}
	case c.Scheme == "bearer" && !printable(token):
		return auth.Credentials{Fault: "a bearer token with spaces or control characters"}
	}
	c.Token = auth.NewSecret(token)
	return c
}

// printable reports whether s is ASCII that can be seen.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
