package project

import (
	"bytes"
	"io/fs"
	"time"
)

// Overlay is a directory in which some files already have the text that they
// are about to get.
type Overlay struct {
	fs.FS

	Files map[string][]byte // by path; all of them are there already
}

// ReadFile is for fs.ReadFile.
func (o Overlay) ReadFile(name string) ([]byte, error) {
	if text, ok := o.Files[name]; ok {
		return bytes.Clone(text), nil
	}
	return fs.ReadFile(o.FS, name)
}

// Open opens a file of the overlay, or of the directory below it.
func (o Overlay) Open(name string) (fs.File, error) {
	text, ok := o.Files[name]
	if !ok {
		return o.FS.Open(name)
	}
	return openFile{bytes.NewReader(text), name, int64(len(text))}, nil
}

type openFile struct {
	*bytes.Reader

	name string
	size int64
}

func (f openFile) Stat() (fs.FileInfo, error) { return fileInfo{f}, nil }
func (openFile) Close() error                 { return nil }

type fileInfo struct{ openFile }

func (i fileInfo) Name() string     { return i.name }
func (i fileInfo) Size() int64      { return i.size }
func (fileInfo) Mode() fs.FileMode  { return 0o444 }
func (fileInfo) ModTime() time.Time { return time.Time{} }
func (fileInfo) IsDir() bool        { return false }
func (fileInfo) Sys() any           { return nil }

// Amend says of the files of o what becomes of them: they have been planned as
// if their texts were on the disk already. note is what was put into them, for
// people.
func (p *Plan) Amend(o Overlay, note string) error {
	for i, c := range p.Changes {
		if _, ok := o.Files[c.Path]; !ok {
			continue
		}
		old, err := fs.ReadFile(o.FS, c.Path)
		if err != nil {
			return err
		}
		if bytes.Equal(old, c.New) {
			continue
		}
		if c.Note != "" {
			note += ", " + c.Note
		}
		p.Changes[i] = Change{Verb: Insert, Path: c.Path, Old: old, New: c.New, Note: note}
	}
	return nil
}
