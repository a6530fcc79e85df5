package dev

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// stamp is what changes when a file does.
type stamp struct {
	modified time.Time
	size     int64
}

// files is what there was to see of the source at one moment.
type files map[string]stamp

// How often the source is looked at. A look at a thousand files takes a few
// milliseconds; where it takes longer, looks are that much rarer, so that they
// stay below a twentieth of one processor. That others keep the processor busy
// makes a look no dearer: per file, the fastest counts. Editors differ in how they
// save, and systems in how they tell; this works with all of them, over networks too.
const (
	lookEvery = 250 * time.Millisecond
	lookShare = 20
)

// watch calls changed with the files that are not as they were when seen, once
// they have stopped changing, until ctx ends. look sees them as they are.
func watch(ctx context.Context, look func() files, seen files, changed func([]string)) {
	settled, each := seen, time.Hour // what a file costs; so much until there was a look
	pause := time.NewTimer(lookEvery)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		begin := time.Now()
		now := look()
		each = min(each, time.Since(begin)/time.Duration(max(1, len(now))))
		if quiet := len(differing(seen, now)) == 0; quiet {
			if diff := differing(settled, now); len(diff) > 0 {
				settled = now
				changed(diff)
			}
		}
		seen = now
		pause.Reset(max(lookEvery, lookShare*each*time.Duration(len(now))))
	}
}

// look sees every file that a program is made of: those below roots, and more.
func look(roots []string, more sources) files {
	seen := files{}
	for _, dir := range more.dirs {
		entries, _ := os.ReadDir(dir) // one that is not there has none
		for _, e := range entries {
			if !e.IsDir() && counts(e.Name()) {
				seen.see(filepath.Join(dir, e.Name()))
			}
		}
	}
	for _, path := range more.paths {
		seen.see(path)
	}
	for _, root := range roots {
		// A file that goes away meanwhile is one that is not there.
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return nil //nolint:nilerr // see above
			case d.IsDir() && path != root && hidden(d.Name()):
				return fs.SkipDir
			case d.IsDir() || !counts(d.Name()):
				return nil
			}
			if info, err := d.Info(); err == nil {
				seen[path] = stamp{info.ModTime(), info.Size()}
			}
			return nil
		})
	}
	return seen
}

// see looks at one file; one that is not there is not among those seen.
func (f files) see(path string) {
	if info, err := os.Stat(path); err == nil {
		f[path] = stamp{info.ModTime(), info.Size()}
	}
}

// counts says whether a change of the file may change the program.
func counts(name string) bool {
	switch {
	case strings.HasPrefix(name, "."), strings.HasPrefix(name, "_"), strings.HasSuffix(name, "_test.go"):
		return false
	case name == "go.mod", name == "go.sum", name == "go.work", name == "kitgen.json":
		return true
	}
	switch filepath.Ext(name) {
	case ".go", ".proto", ".tmpl", ".s", ".c", ".h":
		return true
	}
	return false
}

// differing are the files that are not the same in both, sorted.
func differing(a, b files) []string {
	var diff []string
	for path, s := range b {
		if old, ok := a[path]; !ok || !old.modified.Equal(s.modified) || old.size != s.size {
			diff = append(diff, path)
		}
	}
	for path := range a {
		if _, ok := b[path]; !ok {
			diff = append(diff, path)
		}
	}
	slices.Sort(diff)
	return diff
}
