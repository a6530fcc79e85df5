package file

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kitgen/kitgen/sd"
)

// Write makes the file at path list exactly instances, at once for whoever
// reads it: it writes a file beside it, syncs that and renames it. The folder
// must exist; a link at path is replaced, not followed; a new file can be read
// by all, an old one's permissions stay. What Watch would refuse is an error
// (sd.ErrInvalid for an instance that is none), and changes nothing. Of several
// at once the last wins.
func Write(path string, instances []sd.Instance) error {
	text, err := encode(instances)
	if err == nil {
		err = replace(path, text)
	}
	if err != nil {
		return fmt.Errorf("write file %s: %w", path, err)
	}
	return nil
}

func encode(instances []sd.Instance) ([]byte, error) {
	d := document{Instances: make([]entry, 0, len(instances))}
	for i, in := range instances {
		if err := in.Validate(); err != nil {
			return nil, fmt.Errorf("entry %d: %w", i+1, err)
		}
		e := entry{ID: in.ID, Addr: in.Addr, Weight: in.Weight, Zone: in.Zone, Version: in.Version, Tags: in.Tags, Meta: in.Meta}
		if in.State != sd.Up {
			e.State = in.State.String()
		}
		d.Instances = append(d.Instances, e)
	}
	if err := distinct(instances); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("the list takes %d bytes: at most %d are read; split the service", len(text), maxFile)
	}
	return append(text, '\n'), nil
}

func replace(path string, text []byte) (err error) {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			return checkKind(info)
		}
		mode = info.Mode().Perm()
	}
	folder, name := filepath.Split(path)
	f, err := os.CreateTemp(filepath.Clean(folder), "."+name+".*.tmp") // Clean makes "." of none
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // the first error is the one to tell
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(text); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	syncFolder(filepath.Clean(folder))
	return nil
}

// syncFolder makes the rename survive a power cut, where folders can be synced.
func syncFolder(path string) {
	if d, err := os.Open(path); err == nil { //nolint:gosec // the caller's own path
		_ = d.Sync() // the file is whole whether this works or not
		_ = d.Close()
	}
}

// distinct says which two entries are one instance.
func distinct(set []sd.Instance) error {
	at := make(map[string]int, len(set))
	for i := range set {
		key := keyOf(&set[i])
		if first, twice := at[key]; twice {
			return fmt.Errorf("entries %d and %d are both %q: take one away, or give each an id of its own", first, i+1, key)
		}
		at[key] = i + 1
	}
	return nil
}
