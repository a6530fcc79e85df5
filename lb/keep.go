package lb

import (
	"slices"

	"github.com/kitgen/kitgen/sd"
)

// Version keeps the instances that run this version: a Keep for Where and Part.
func Version(version string) func(sd.Instance) bool {
	return func(in sd.Instance) bool { return in.Version == version }
}

// Tag keeps the instances that have this label among their tags.
func Tag(tag string) func(sd.Instance) bool {
	return func(in sd.Instance) bool { return slices.Contains(in.Tags, tag) }
}

// Zone keeps the instances of this zone.
func Zone(zone string) func(sd.Instance) bool {
	return func(in sd.Instance) bool { return in.Zone == zone }
}
