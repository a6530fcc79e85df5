// Package folder is a registry of one's own: a folder that processes of one user
// share, with a file per instance. It shows all that package sd asks of a backend, two
// blocking functions, and passes the suite that etcd and Consul pass.
//
// What it leaves to package sd: to retry, to back off, to protect against a
// folder that is suddenly empty, to tell those who are subscribed.
package folder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/kitgen/kitgen/sd"
)

const (
	look = 20 * time.Millisecond // how often the folder is read
	beat = time.Second           // how often an instance says that it lives
	ttl  = 10 * time.Second      // after which one that does not is gone
	seen = 4 * look              // for which a leaving instance is shown draining
)

// Registry is a folder. The service's instances are in a folder below it.
type Registry string

func (r Registry) folder(service string) string {
	return filepath.Join(string(r), url.PathEscape(service))
}

// Holder registers instances of service.
func (r Registry) Holder(service string) sd.Holder { return holder(r.folder(service)) }

// Watcher follows the instances of service.
func (r Registry) Watcher(service string) sd.Watcher { return watcher(r.folder(service)) }

type holder string

// Hold writes in, and again with every beat, which also brings back what
// somebody removed. When ctx ends it says draining, then removes it.
func (h holder) Hold(ctx context.Context, in sd.Instance, held func()) error {
	if err := in.Validate(); err != nil {
		return err
	}
	if in.ID == "" {
		in.ID = in.Addr
	}
	path := filepath.Join(string(h), url.PathEscape(in.ID)+".json")
	if !wait(ctx, 0) {
		return nil
	}
	if err := write(path, in); err != nil {
		return err
	}
	held()
	for wait(ctx, beat) {
		if err := write(path, in); err != nil {
			return err
		}
	}
	in.State = sd.Draining
	err := write(path, in)
	time.Sleep(seen)
	return errors.Join(err, os.Remove(path))
}

// write replaces the file as a whole, so that nobody reads half of it.
func write(path string, in sd.Instance) error {
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	part := path + ".part"
	if err := os.WriteFile(part, b, 0o600); err != nil {
		return err
	}
	return os.Rename(part, path)
}

type watcher string

// Watch tells the whole set whenever it differs from the one before.
func (w watcher) Watch(ctx context.Context, update func([]sd.Instance)) error {
	told := ""
	for {
		set, err := w.read(time.Now())
		if err != nil {
			return err
		}
		if now := fmt.Sprint(set); now != told {
			update(set)
			told = now
		}
		if !wait(ctx, look) {
			return ctx.Err()
		}
	}
}

// read returns the instances whose last beat is not too long ago. One that
// cannot be read is told as it is, by its ID alone: package sd leaves it out,
// says so, and keeps what it was before.
func (w watcher) read(now time.Time) ([]sd.Instance, error) {
	files, err := os.ReadDir(string(w))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // nobody has registered yet
		return nil, err
	}
	set := []sd.Instance{}
	for _, f := range files {
		info, err := f.Info()
		if err != nil || filepath.Ext(f.Name()) != ".json" || now.Sub(info.ModTime()) > ttl {
			continue
		}
		b, err := os.ReadFile(filepath.Join(string(w), f.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it left just now
		}
		if err != nil {
			return nil, err
		}
		var in sd.Instance
		if json.Unmarshal(b, &in) != nil {
			id, _ := url.PathUnescape(f.Name()[:len(f.Name())-len(".json")])
			in = sd.Instance{ID: id}
		}
		set = append(set, in)
	}
	return set, nil
}

// wait returns false if ctx ends before d has passed.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	return ctx.Err() == nil
}
