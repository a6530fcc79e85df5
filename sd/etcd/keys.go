package etcd

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// prefixOf is what the keys of a service start with. It ends in a slash, so
// that "user" does not list "user-admin".
func prefixOf(namespace, service string) string {
	return "/" + url.PathEscape(namespace) + "/" + url.PathEscape(service) + "/"
}

func keyOf(prefix, id string) string { return prefix + url.PathEscape(id) }

// idOf is the inverse of keyOf.
func idOf(prefix, key string) (string, error) {
	segment, ok := strings.CutPrefix(key, prefix)
	switch {
	case !ok:
		return "", fmt.Errorf("key is not below %s", prefix)
	case segment == "":
		return "", errors.New("key names no instance")
	case strings.Contains(segment, "/"):
		return "", errors.New("key has a segment too many: escape the ID with url.PathEscape")
	}
	id, err := url.PathUnescape(segment)
	if err != nil {
		return "", fmt.Errorf("key: %w: escape the ID with url.PathEscape", err)
	}
	return id, nil
}
