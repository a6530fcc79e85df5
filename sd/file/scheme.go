package file

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/sd"
)

// Scheme is the scheme of targets that name a file by its absolute path:
//
//	file:///etc/kitgen/addsvc.json
//	file:///etc/kitgen/addsvc.json?poll=1s
//
// cfg holds where the target has no parameter. Nobody can register there.
func Scheme(cfg Config) sd.Scheme {
	return sd.Scheme{Name: "file", Watcher: func(t sd.Target) (sd.Watcher, error) {
		w, err := open(t, cfg)
		if err != nil {
			return nil, err
		}
		return w, nil
	}}
}

func open(t sd.Target, cfg Config) (*Watcher, error) {
	if err := t.Only("poll"); err != nil {
		return nil, err
	}
	if len(t.Hosts) > 0 || t.User != "" || len(t.Path) == 0 {
		return nil, fmt.Errorf("%w: %s is not a file of this host: write file:///path/to/file.json, with three slashes", sd.ErrTarget, t)
	}
	for _, segment := range t.Path {
		if strings.ContainsAny(segment, `/\`) || slices.Contains([]string{".", ".."}, segment) {
			return nil, fmt.Errorf(`%w: path segment %q of %s leads elsewhere: write the path without ".", ".." and escaped slashes`, sd.ErrTarget, segment, t)
		}
	}
	if t.Params.Has("poll") {
		poll, err := t.Duration("poll", 0)
		if err != nil {
			return nil, err
		}
		if poll < minPoll {
			return nil, fmt.Errorf("%w: parameter poll is %s: write a duration from %s", sd.ErrTarget, poll, minPoll)
		}
		cfg.Poll = poll
	}
	if _, err := cfg.poll(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", sd.ErrTarget, t, err)
	}
	path := strings.Join(t.Path, "/")
	if filepath.VolumeName(path) == "" { // file:///C:/x on Windows is C:/x
		path = "/" + path
	}
	return NewWatcher(filepath.FromSlash(path), cfg), nil
}
