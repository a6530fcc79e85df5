package project

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"slices"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// BasePath is where each file that became the user's is kept as kitgen would
// have it if nobody had touched it: what a merge starts from.
const BasePath = ".kitgen/base.txtar"

const baseComment = `What kitgen wrote into files that are yours, so that kitgen upgrade can tell
your changes from its own. Commit it, and leave it to kitgen.

`

// bases are those texts, by path.
type bases map[string][]byte

func readBases(dir fs.FS) (bases, error) {
	text, err := fs.ReadFile(dir, BasePath)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, unreadable(BasePath, err)
	}
	if conflicted(unixLines(text)) {
		return nil, refuse("%s: KG073: has a merge conflict; take one of the two versions, and run kitgen generate", BasePath)
	}
	b := bases{}
	for _, f := range txtar.Parse(unixLines(text)).Files {
		b[f.Name] = f.Data
	}
	return b, nil
}

// text is b as one file. It is an error if that would not be read as b.
func (b bases) text() ([]byte, error) {
	archive := &txtar.Archive{Comment: []byte(baseComment)}
	for path, text := range b {
		archive.Files = append(archive.Files, txtar.File{Name: path, Data: text})
	}
	slices.SortFunc(archive.Files, func(a, b txtar.File) int { return cmp.Compare(a.Name, b.Name) })
	out := txtar.Format(archive)
	for i, f := range txtar.Parse(out).Files {
		if want := archive.Files[min(i, len(archive.Files)-1)]; f.Name != want.Name || !bytes.Equal(bytes.TrimSuffix(f.Data, newline), bytes.TrimSuffix(want.Data, newline)) {
			return nil, refuse("%s: has a line such as -- %s --, which %s cannot hold; write that line otherwise in its template", want.Name, f.Name, BasePath)
		}
	}
	return out, nil
}

// begin keeps the text that a file of the user's is born with. go.mod and
// go.sum are the go command's from then on, and have none.
func (b bases) begin(f render.File) {
	if f.Kind == render.Seeded && f.Path != "go.mod" && f.Path != "go.sum" {
		b[f.Path] = f.Text
	}
}

// source is the Go files of b that methods add to, parsed.
func (b bases) source(files []render.File) (*source, error) {
	texts := map[string][]byte{}
	for _, f := range files {
		if text, ok := b[f.Path]; ok && f.Parts != nil {
			texts[f.Path] = text
		}
	}
	return parseSource(texts)
}

var newline = []byte("\n")

// unixLines is text with lines that end in "\n" alone, as kitgen writes them.
// Git on Windows may have made "\r\n" of it, which nobody edited.
func unixLines(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte("\r\n"), newline)
}

// same reports whether two texts differ in nothing but the ends of lines.
func same(a, b []byte) bool { return bytes.Equal(unixLines(a), unixLines(b)) }
