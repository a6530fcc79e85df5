package project

import (
	"go/version"
	"regexp"

	"github.com/kitgen/kitgen"
)

// handshake refuses a service whose last kitgen was newer than this one, which
// does not know what that may have written.
func (m *Manifest) handshake(name string) error {
	if m.Kitgen == "" || version.Compare("go"+m.Kitgen, "go"+kitgen.Version) <= 0 {
		return nil
	}
	return refuse("%s/%s: KG071: is from kitgen %s, and this is %s: use that one, by go tool kitgen if go.mod pins it, or go install %s@v%[3]s",
		name, ManifestPath, m.Kitgen, kitgen.Version, ToolPath)
}

// Pinned refuses a service in dir whose go.mod pins another release of kitgen
// than this one: two people would undo each other's work.
func Pinned(dir string) error {
	mod, err := FindModule(dir)
	if err != nil || mod.Dir == "" {
		return err
	}
	pinned, replaced := mod.Requires(ToolPath)
	if replaced != "" || pinned == "v0.0.0" || !release.MatchString(pinned) || pinned == "v"+kitgen.Version {
		return nil
	}
	return refuse("%s/go.mod: KG072: pins kitgen %s, and this is %s: run go tool kitgen, or pin this one by go get -tool %s@v%[3]s",
		mod.Dir, pinned, kitgen.Version, ToolPath)
}

// release is a version that is neither a commit nor a preview.
var release = regexp.MustCompile(`^v\d+\.\d+\.\d+$`)
