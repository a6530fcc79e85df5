package sd

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/go-kit/log"
)

const (
	snapshotSchema = 1
	snapshotAfter  = 2 * time.Second // of the registry's silence after the start the file is read
	snapshotPause  = time.Second     // between a change and writing it, for others to follow
	maxSnapshot    = 16 << 20
	clockSkew      = time.Minute // that a file may be from the future
)

// setFile keeps the last good set of one service on disk.
type setFile struct {
	path   string
	source string // what the set is of, so that a file of another service is refused
	maxAge time.Duration
	logger log.Logger
}

// record is what stands in the file. Sum is over Set as it is written.
type record struct {
	Schema  int             `json:"schema"`
	Source  string          `json:"source"`
	SavedAt time.Time       `json:"saved_at"`
	Sum     string          `json:"sha256"`
	Set     json.RawMessage `json:"instances"`

	Instances []Instance `json:"-"`
}

func newSetFile(w Watcher, cfg InstancerConfig) *setFile {
	return &setFile{path: cfg.SnapshotFile, source: sourceOf(w, cfg.Transport), maxAge: orDefault(cfg.SnapshotMaxAge, 24*time.Hour), logger: cfg.Logger}
}

// sourceOf names what w watches, if it can say so, and for which transport.
func sourceOf(w Watcher, transport string) string {
	name := fmt.Sprintf("%T", w)
	if s, ok := w.(fmt.Stringer); ok {
		name = s.String()
	}
	if transport != "" {
		name += " for " + transport
	}
	return name
}

// keep writes the good set that is known a moment after a change, until ctx
// ends; what is new then is written at once.
func (f *setFile) keep(ctx context.Context, snapshot func() (Snapshot, <-chan struct{})) {
	var written []Instance
	failing := false
	for ctx.Err() == nil {
		pause(ctx, snapshotPause)
		s, newer := snapshot()
		if s.Source() == Fresh && s.Held == 0 && (written == nil || !equalSets(written, s.Instances)) {
			err := f.save(s.Instances, time.Now())
			if err == nil {
				written = s.Instances
			} else if !failing {
				_ = f.logger.Log("msg", "snapshot not written; a start without the registry would know nobody", "file", f.path, "err", err)
			}
			failing = err != nil
		}
		select {
		case <-newer:
		case <-ctx.Done():
		}
	}
}

// save replaces the file as a whole: whoever reads it, or crashes meanwhile,
// finds the old one or the new one.
func (f *setFile) save(set []Instance, now time.Time) error {
	body, err := json.Marshal(set)
	if err != nil {
		return err
	}
	b, err := json.Marshal(record{Schema: snapshotSchema, Source: f.source, SavedAt: now.UTC().Round(0), Sum: sumOf(body), Set: body})
	if err != nil {
		return err
	}
	if len(b) > maxSnapshot {
		return fmt.Errorf("it would have %d bytes, more than the %d that are read", len(b), maxSnapshot)
	}
	tmp, err := os.CreateTemp(filepath.Dir(f.path), "."+filepath.Base(f.path)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(append(b, '\n'))
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), f.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

// load returns what the file has, if that can be trusted. Otherwise it says why
// not, except that there is none yet.
func (f *setFile) load(logger log.Logger) (record, bool) {
	r, err := f.read(time.Now())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return record{}, false
	case err != nil:
		_ = logger.Log("msg", "snapshot ignored", "file", f.path, "err", err)
		return record{}, false
	}
	_ = logger.Log("msg", "registry names nobody yet; using the snapshot", "file", f.path, "saved", r.SavedAt, "instances", len(r.Instances))
	return r, len(r.Instances) > 0
}

func (f *setFile) read(now time.Time) (record, error) {
	file, err := openOwn(f.path)
	if err != nil {
		return record{}, err
	}
	defer file.Close() //nolint:errcheck // only read
	b, err := io.ReadAll(io.LimitReader(file, maxSnapshot+1))
	if err != nil {
		return record{}, err
	}
	if len(b) > maxSnapshot {
		return record{}, fmt.Errorf("it has more than %d bytes: remove it", maxSnapshot)
	}
	r, err := decodeRecord(b)
	switch age := now.Sub(r.SavedAt); {
	case err != nil:
		return record{}, err
	case r.Source != f.source:
		return record{}, fmt.Errorf("it is of %s, not of %s: give every service and process a file of its own", quote(r.Source), quote(f.source))
	case age > f.maxAge:
		return record{}, fmt.Errorf("it is %s old, more than %s", age.Round(time.Minute), f.maxAge)
	case age < -clockSkew:
		return record{}, fmt.Errorf("it is from the future (%s): set the clock right, or remove it", r.SavedAt)
	}
	return r, nil
}

// decodeRecord checks all that can be checked without knowing who reads.
func decodeRecord(b []byte) (record, error) {
	var r record
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		return record{}, fmt.Errorf("it is damaged: %w: remove it", err)
	}
	if d.More() {
		return record{}, errors.New("it goes on after its end: remove it")
	}
	if r.Schema != snapshotSchema {
		return record{}, fmt.Errorf("it has schema %d, this program reads %d: remove it", r.Schema, snapshotSchema)
	}
	if sumOf(r.Set) != r.Sum {
		return record{}, errors.New("it is damaged (its checksum is another): remove it")
	}
	if err := json.Unmarshal(r.Set, &r.Instances); err != nil {
		return record{}, fmt.Errorf("it is damaged: %w: remove it", err)
	}
	good, faults := clean(r.Instances, "")
	if len(faults) > 0 {
		return record{}, fmt.Errorf("instance %s: %w: remove it", quote(faults[0].id), faults[0].err)
	}
	r.Instances = good
	return r, nil
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
