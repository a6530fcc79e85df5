package dev

import "strings"

// At returns the target of a service in the registry that base names: its
// segment goes before the parameters.
func At(base, service string) string {
	place, params, ok := strings.Cut(base, "?")
	place = strings.TrimRight(place, "/")
	if !strings.HasSuffix(place, "/"+service) {
		place += "/" + service
	}
	if ok {
		place += "?" + params
	}
	return place
}
