package project

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// WorkspacePath is where a workspace keeps its Workspace.
const WorkspacePath = "kitgen.work.json"

// Workspace is several services in one directory, each a module of its own,
// with one go.work and one compose.yaml.
type Workspace struct {
	Kitgen   string `json:"kitgen"` // version that wrote it
	Name     string `json:"workspace"`
	Registry string `json:"registry"`
	Module   string `json:"module,omitempty"` // before the names of new services, with a slash between
}

// ReadWorkspace reads the workspace in dir; nil if there is none.
func ReadWorkspace(dir fs.FS) (*Workspace, error) {
	text, err := fs.ReadFile(dir, WorkspacePath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // most directories are none
	}
	if err != nil {
		return nil, unreadable(WorkspacePath, err)
	}
	w := &Workspace{}
	if err := json.Unmarshal(text, w); err != nil {
		return nil, refuse("%s: %v; restore it from version control", WorkspacePath, err)
	}
	return w, nil
}

// Text is the file that ReadWorkspace reads.
func (w *Workspace) Text() ([]byte, error) {
	text, err := json.MarshalIndent(w, "", "  ")
	return append(text, '\n'), err
}

// ModuleOf is the module of a service in w.
func (w *Workspace) ModuleOf(service string) string {
	if w.Module == "" {
		return service
	}
	return w.Module + "/" + service
}

// Join plans how the workspace in dir learns of a service: a line of go.work,
// and its block of compose.yaml. What cannot be inserted is for the user to do.
func (w *Workspace) Join(dir fs.FS, service, block string) (*Plan, error) {
	p := &Plan{}
	use := "./" + service
	err := p.splice(dir, "go.work", use, "use "+use+"\n", func(text string) (int, string) {
		if strings.Contains(text, "\t"+use+"\n") || strings.Contains(text, "use "+use+"\n") {
			return -1, ""
		}
		start := strings.Index(text, "use (")
		if start < 0 {
			return len(text), "\nuse " + use + "\n"
		}
		end := strings.Index(text[start:], "\n)")
		if end < 0 {
			return -2, ""
		}
		return start + end + 1, "\t" + use + "\n"
	})
	if err != nil || block == "" {
		return p, err
	}
	return p, p.splice(dir, "compose.yaml", service, block+"\n", func(text string) (int, string) {
		if strings.Contains(text, "\n  "+service+":\n") {
			return -1, ""
		}
		at := servicesEnd(text)
		if at < 0 {
			return -2, ""
		}
		return at, "\n" + block + "\n"
	})
}

// servicesEnd is where the last service of a compose.yaml ends; negative if
// there are none.
func servicesEnd(text string) int {
	end, at, inside := -1, 0, false
	for line := range strings.Lines(text) {
		indented := strings.HasPrefix(line, " ")
		at += len(line)
		switch {
		case strings.TrimSpace(line) == "services:" && !indented:
			inside, end = true, at
		case !indented && strings.TrimSpace(line) != "":
			inside = false
		case inside && strings.TrimSpace(line) != "":
			end = at
		}
	}
	return end
}

// splice inserts into a file of dir what where says: -1 means that it is there
// already, -2 that the user must, which the plan then tells with text.
func (p *Plan) splice(dir fs.FS, name, note, text string, where func(string) (int, string)) error {
	old, err := fs.ReadFile(dir, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	at, insert := -2, ""
	if err == nil {
		if at, insert = where(string(old)); at == len(old) && !bytes.HasSuffix(old, []byte("\n")) {
			insert = "\n" + insert
		}
	}
	switch at {
	case -1:
		p.Changes = append(p.Changes, Change{Verb: Identical, Path: name, Old: old, New: old})
	case -2:
		p.Manual = append(p.Manual, Manual{Where: fmt.Sprintf("%s: the place for %s is not found", name, note), Text: []byte(text)})
	default:
		changed := string(old[:at]) + insert + string(old[at:])
		p.Changes = append(p.Changes, Change{Verb: Insert, Path: name, Old: old, New: []byte(changed), Note: note})
	}
	return nil
}

// Below moves the plan into a directory: its paths begin with that.
func (p *Plan) Below(dir string) {
	for i := range p.Changes {
		p.Changes[i].Path = path.Join(dir, p.Changes[i].Path)
	}
}

// Join adds the changes of other, which are of other files.
func (p *Plan) Join(other *Plan) {
	p.Changes = append(p.Changes, other.Changes...)
	p.Manual = append(p.Manual, other.Manual...)
	p.sort()
}
