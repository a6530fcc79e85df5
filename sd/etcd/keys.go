package etcd

import (
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
	segment, err := segmentOf(prefix, key)
	if err != nil {
		return "", err
	}
	id, err := url.PathUnescape(segment)
	if err != nil {
		return "", badf("key", "key: %w: escape the ID with url.PathEscape", err)
	}
	return id, nil
}

// segmentOf is the one segment of key that follows prefix.
func segmentOf(prefix, key string) (string, error) {
	segment, ok := strings.CutPrefix(key, prefix)
	switch {
	case !ok:
		return "", badf("key", "key is not below %.128q", prefix)
	case segment == "":
		return "", badf("key", "key names no instance")
	case strings.Contains(segment, "/"):
		return "", badf("key", "key has a segment too many: escape the ID with url.PathEscape, or look for the service below the whole of its prefix")
	}
	return segment, nil
}
