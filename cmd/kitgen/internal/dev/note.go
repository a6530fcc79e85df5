package dev

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// Place is where, in the directory it was started in, a session keeps what it
// needs while it runs.
const Place = ".kitgen/dev"

// noteName is the file by which others find the session.
const noteName = "session.json"

// Note is how to reach the session of a directory.
type Note struct {
	PID      int    `json:"pid"`
	Addr     string `json:"addr"`     // where it takes commands
	Token    string `json:"token"`    // what those who give them must know
	Registry string `json:"registry"` // target of its registry, without a service: see At
	Place    string `json:"-"`        // directory of the file
}

// Find returns the note of the session in dir or in a directory above it. It
// does not know whether the session is still there.
func Find(dir string) (*Note, error) {
	for {
		n, err := readNote(filepath.Join(dir, filepath.FromSlash(Place)))
		if !errors.Is(err, fs.ErrNotExist) {
			return n, err
		}
		if dir == filepath.Dir(dir) {
			return nil, project.Refusal("no session runs here; start one in the directory of the service: kitgen dev")
		}
		dir = filepath.Dir(dir)
	}
}

func readNote(place string) (*Note, error) {
	path := filepath.Join(place, noteName)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	n := &Note{Place: place}
	if err := json.Unmarshal(b, n); err != nil {
		return nil, fmt.Errorf("%s: %w; remove it", path, err)
	}
	return n, nil
}

// post puts the note into its place, whole or not at all, where it takes the
// place of an older one.
func (n *Note) post() error {
	b, err := json.Marshal(n)
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(n.Place, noteName)
	if err != nil {
		return err
	}
	_, err = draft.Write(b)
	err = errors.Join(err, draft.Close())
	if err == nil {
		err = os.Rename(draft.Name(), filepath.Join(n.Place, noteName))
	}
	if err != nil {
		return errors.Join(err, os.Remove(draft.Name()))
	}
	return nil
}

// Dir is the directory that the session was started in.
func (n *Note) Dir() string { return filepath.Dir(filepath.Dir(n.Place)) }

// errHeld is that another session, or another part of this process, has the lock.
var errHeld = errors.New("held by another")

// remove takes the note away, if it is still there.
func (n *Note) remove() error {
	err := os.Remove(filepath.Join(n.Place, noteName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // somebody moved the directory, or cleaned it
	}
	return err
}
