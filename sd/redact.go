package sd

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// redacted stands where a secret was, as in net/url.
const redacted = "xxxxx"

// String is the target with password and tokens replaced by "xxxxx". Where it
// has none, ParseTarget reads it back to an equal Target.
func (t Target) String() string {
	var b strings.Builder
	b.WriteString(t.Scheme + "://")
	if t.User != "" {
		b.WriteString(url.User(t.User).String())
		if t.Password != "" {
			b.WriteString(":" + redacted)
		}
		b.WriteByte('@')
	}
	b.WriteString(strings.Join(t.Hosts, ","))
	for _, segment := range t.Path {
		b.WriteString("/" + strings.ReplaceAll(url.PathEscape(segment), "@", "%40"))
	}
	if len(t.Params) > 0 {
		b.WriteString("?" + t.shown().Encode())
	}
	return b.String()
}

// GoString keeps secrets out of %#v.
func (t Target) GoString() string { return "sd.Target(" + quote(t.String()) + ")" }

// MarshalText keeps secrets out of JSON and structured logs.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// shown is Params without secrets.
func (t Target) shown() url.Values {
	shown := maps.Clone(t.Params)
	for key, values := range shown {
		if secret(key) {
			shown[key] = slices.Repeat([]string{redacted}, len(values))
		}
	}
	return shown
}

// secret says whether a parameter of that name carries one: token and
// acl-token do, token-file does not.
func secret(key string) bool {
	key = strings.ToLower(key)
	return strings.HasSuffix(key, "token") || strings.HasSuffix(key, "password") || strings.HasSuffix(key, "secret")
}

// withoutUser takes what may be user and password out of an address that became
// an ID.
func withoutUser(id string) string {
	if at := strings.LastIndexByte(id, '@'); at >= 0 {
		return redacted + id[at:]
	}
	return id
}
