package sd

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Far beyond any target a person writes.
const (
	maxTarget   = 8 << 10
	maxSegments = 64
)

// ErrTarget is wrapped by every error about a target string.
var ErrTarget = errors.New("invalid target")

// Target is a registry and a place in it, as one string:
//
//	scheme://[[user:password@]host:port[,host:port...]][/segment...][?key=value...]
//
//	etcd://10.0.0.1:2379,10.0.0.2:2379/prod/addsvc?ttl=15s
//	consul://10.0.0.1:8500/addsvc?tag=canary
//	dns:///addsvc.internal:8080
//	file:///etc/addsvc.json
//	static://10.0.0.7:8080,10.0.0.8:8080
//
// What the scheme, the segments and the parameters mean is the business of
// whoever opens it. Printed in any way, it shows neither password nor tokens.
type Target struct {
	Scheme   string // lower case
	User     string
	Password string
	Hosts    []string   // host:port, each valid, in the order written; none where a path names it all
	Path     []string   // unescaped segments, none empty: namespace and service, or what the scheme makes of them
	Params   url.Values // as written, duplicates included; see Only
}

// ParseTarget reads s strictly: nothing in it is ignored, repaired or guessed.
// Errors (ErrTarget) name the offending piece and never a secret.
func ParseTarget(s string) (Target, error) {
	t, err := parseTarget(s)
	if n := len(t.String()); err == nil && n > maxTarget {
		err = fmt.Errorf("it has %d bytes with all escapes, more than %d", n, maxTarget)
	}
	if err != nil {
		return Target{}, fmt.Errorf("%w: %w", ErrTarget, err)
	}
	return t, nil
}

func parseTarget(s string) (t Target, err error) {
	scheme, rest, err := cutScheme(s)
	if err != nil {
		return t, err
	}
	t.Scheme = scheme
	rest, query, hasQuery := strings.Cut(rest, "?")
	authority, path, hasPath := strings.Cut(rest, "/")
	if strings.ContainsRune(path, '@') || strings.ContainsRune(query, '@') {
		// Half a password may have been taken for host, path or parameter, so
		// this comes before any error that quotes those.
		return t, errors.New(`there is an "@" after the first "/" or "?": write it as %40, and "/" and "?" in a user or password as %2F and %3F`)
	}
	if t.User, t.Password, authority, err = cutUser(authority); err != nil {
		return t, err
	}
	if authority != "" || t.User != "" || path == "" {
		if t.Hosts, err = parseHosts(authority); err != nil {
			return t, err
		}
	}
	if hasPath {
		if t.Path, err = parsePath(path); err != nil {
			return t, err
		}
	}
	if hasQuery {
		t.Params, err = parseParams(query)
	}
	return t, err
}

// cutScheme splits the scheme off what can be a target at all.
func cutScheme(s string) (scheme, rest string, err error) {
	scheme, rest, ok := strings.Cut(s, "://")
	switch {
	case len(s) > maxTarget:
		return "", "", fmt.Errorf("it has %d bytes, more than %d", len(s), maxTarget)
	case !ok:
		return "", "", errors.New(`it has no scheme: write scheme://host:port, such as etcd://localhost:2379`)
	case !validScheme(scheme):
		return "", "", errors.New("what stands before :// is not made of lower-case letters, digits and hyphens")
	case !printable(rest) || strings.ContainsAny(rest, " #"):
		return "", "", errors.New(`it contains a space, "#" or a control character: write it as %20, %23 and so on`)
	}
	return scheme, rest, nil
}

func validScheme(s string) bool {
	for _, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return s != "" && s[0] >= 'a'
}

// cutUser splits user:password@ off. Its errors name no part of either.
func cutUser(authority string) (user, password, hosts string, err error) {
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return "", "", authority, nil
	}
	userinfo, hosts := authority[:at], authority[at+1:]
	if strings.ContainsRune(userinfo, '@') {
		return "", "", "", errors.New(`there is more than one "@" before the hosts: write the one in the user or password as %40`)
	}
	user, password, _ = strings.Cut(userinfo, ":")
	user, uerr := url.PathUnescape(user)
	password, perr := url.PathUnescape(password)
	if uerr != nil || perr != nil {
		return "", "", "", errors.New(`user or password has a "%" that starts no escape: write it as %25`)
	}
	if user == "" {
		return "", "", "", errors.New(`there is an "@" and no user before it: write user:password@host:port`)
	}
	return user, password, hosts, nil
}

func parseHosts(list string) ([]string, error) {
	if list == "" {
		return nil, errors.New("it names no host: write host:port after ://")
	}
	hosts := strings.Split(list, ",")
	for i, host := range hosts {
		if err := validAddr(host); err != nil {
			return nil, fmt.Errorf("host %d: %w", i+1, err)
		}
		if slices.Contains(hosts[:i], host) {
			return nil, fmt.Errorf("host %s is there twice", quote(host))
		}
	}
	return hosts, nil
}

func parsePath(path string) ([]string, error) {
	segments := strings.Split(path, "/")
	if len(segments) > maxSegments {
		return nil, fmt.Errorf(`path %s has more than %d segments`, quote("/"+path), maxSegments)
	}
	for i, raw := range segments {
		segment, err := url.PathUnescape(raw)
		if err != nil {
			return nil, fmt.Errorf(`path segment %s has a "%%" that starts no escape: write it as %%25`, quote(raw))
		}
		if segment == "" {
			return nil, fmt.Errorf(`path %s has an empty segment: take the extra "/" away`, quote("/"+path))
		}
		if !printable(segment) {
			return nil, fmt.Errorf("path segment %s has control characters or is not UTF-8", quote(raw))
		}
		segments[i] = segment
	}
	return segments, nil
}

func parseParams(query string) (url.Values, error) {
	params := url.Values{}
	for pair := range strings.SplitSeq(query, "&") {
		rawKey, rawValue, ok := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(rawKey)
		if err != nil || key == "" || !printable(key) {
			return nil, fmt.Errorf("parameter name %s cannot be read: write key=value, joined by &", quote(rawKey))
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil || !printable(value) {
			return nil, fmt.Errorf(`the value of parameter %s cannot be read: write a "%%" as %%25`, quote(key))
		}
		if !ok {
			return nil, fmt.Errorf("parameter %s has no value: write %s=value", quote(key), key)
		}
		params.Add(key, value)
	}
	return params, nil
}

// Only refuses parameters that are not among known and those written more than
// once. A backend calls it first, so that a misspelt "tll=5s" is an error and
// not a default.
func (t Target) Only(known ...string) error {
	for _, key := range slices.Sorted(maps.Keys(t.Params)) {
		if !slices.Contains(known, key) {
			return fmt.Errorf("%w: %s takes no parameter %s: %s", ErrTarget, t.Scheme, quote(key), choices(known))
		}
		if n := len(t.Params[key]); n > 1 {
			return fmt.Errorf("%w: parameter %s is there %d times: keep one", ErrTarget, quote(key), n)
		}
	}
	return nil
}

func choices(known []string) string {
	if len(known) == 0 {
		return "it takes none"
	}
	return "it takes " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}
