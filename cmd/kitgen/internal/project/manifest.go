package project

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// ManifestPath is where a service keeps its Manifest.
const ManifestPath = "kitgen.json"

// Manifest is what kitgen must remember of a service that its interface does
// not say.
type Manifest struct {
	Kitgen     string            `json:"kitgen"` // version that wrote it
	Service    string            `json:"service"`
	Interface  string            `json:"interface"`
	Transports []string          `json:"transports"`
	Registry   string            `json:"registry"`
	Methods    []string          `json:"methods"` // of the interface, and those gone from it whose code is still there
	Seeded     []string          `json:"seeded"`  // files that were written once and are the user's now
	Generated  map[string]string `json:"generated"`
	Templates  map[string]string `json:"templates,omitempty"` // the user's own, by the name of the one they replace
}

// Refusal is an input that kitgen does not work with. Its text says what is
// wrong, where, and the mend.
type Refusal string

// Error is the text.
func (r Refusal) Error() string { return string(r) }

// unreadable refuses a file that is there, and is none or must not be read.
func unreadable(name string, err error) error {
	if in, ok := errors.AsType[*fs.PathError](err); ok {
		err = in.Err
	}
	return refuse("KG010: %s: %v; make it a file that can be read, or move it away", name, err)
}

func refuse(format string, args ...any) error { return Refusal(fmt.Sprintf(format, args...)) }

// ReadManifest reads the manifest of the service in dir.
func ReadManifest(dir fs.FS, name string) (*Manifest, error) {
	b, err := fs.ReadFile(dir, ManifestPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse("%s: no %s, so this is not the directory of a generated service; name one that is, or make one: kitgen new service greeter", name, ManifestPath)
	}
	if err != nil {
		return nil, unreadable(path.Join(name, ManifestPath), err)
	}
	m := &Manifest{}
	if conflicted(b) {
		return nil, refuse("%s/%s: KG073: has a merge conflict; take one of the two versions, and run kitgen generate", name, ManifestPath)
	}
	if err := json.Unmarshal(b, m); err != nil {
		return nil, refuse("%s/%s: %v; restore it from version control", name, ManifestPath, err)
	}
	if m.Service == "" || len(m.Transports) == 0 {
		return nil, refuse("%s/%s: has no service or no transports; restore it from version control", name, ManifestPath)
	}
	if err := m.handshake(name); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Manifest) text() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

// record notes the files that a render made.
func (m *Manifest) record(files []render.File) {
	m.Generated = map[string]string{}
	m.Seeded = nil
	for _, f := range files {
		if f.Kind == render.Seeded || f.Kind == render.Interface {
			m.Seeded = append(m.Seeded, f.Path)
			continue
		}
		m.Generated[f.Path] = hash(f.Text)
	}
	slices.Sort(m.Seeded)
}

// Wrote reports whether a generated file of that path was written, and whether text is
// what it was then.
func (m *Manifest) Wrote(path string, text []byte) (recorded, same bool) {
	sum, recorded := m.Generated[path]
	return recorded, recorded && hash(text) == sum
}

// hash tells whether a text is the one it was, whatever ends its lines.
func hash(b []byte) string {
	sum := sha256.Sum256(unixLines(b))
	return "sha256:" + hex.EncodeToString(sum[:])
}
