package main_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what commands print now into the documents")

// TestTheSessionsOfTheDocsWorkAsTyped plays each document from its beginning to
// its end, in one shell:
//
//	console  what is behind a $ is typed; the lines below are what it prints,
//	         … for any of them, and exit N what it ends with, 0 if not said
//	diff     an edit of the file that is named in its first line
//	go       if it has a package clause, a file of the package's name
//	others   what the last command printed; unless there is no language, which
//	         is for reading only
//
// A command that goes on, such as kitgen dev, does so beside the others, and
// prints its lines within what it prints. Whatever is another each time, or with
// every template, is no difference: ports, processes, durations, shares of the
// replicas, numbers of files and lines.
func TestTheSessionsOfTheDocsWorkAsTyped(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles services and runs them")
	}
	for _, doc := range []string{"README.md", "docs/kitgen.md"} {
		t.Run(filepath.Base(doc), func(t *testing.T) {
			path := filepath.Join("../..", doc)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			d := parse(string(text))
			if len(d.blocks) == 0 {
				t.Fatal("no session is found: this test looks for the wrong thing")
			}
			defer func() {
				if now := d.String(); *update && now != string(text) {
					if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
						t.Error(err)
					}
				}
			}()
			play(t, d)
		})
	}
}

// document is text and blocks in turn.
type document struct {
	lines  []string
	blocks []*block
}

// block is what stands in a fence.
type block struct {
	lang     string
	from, to int // lines of the document, without the fences
	steps    []*step
}

// step is a command, and what it prints.
type step struct {
	line int // of the command
	text string
	want []string
	now  []string // what it is to be in the document; nil if that is right
}

func parse(text string) *document {
	d := &document{lines: strings.Split(text, "\n")}
	var open *block
	for i, line := range d.lines {
		lang, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{lang: lang, from: i + 1}
		case fence:
			open.to = i
			open.steps = steps(d.lines[open.from:open.to], open.from)
			d.blocks = append(d.blocks, open)
			open = nil
		}
	}
	return d
}

func steps(lines []string, from int) (all []*step) {
	for i, line := range lines {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, &step{line: from + i, text: command})
		} else if len(all) > 0 {
			s := all[len(all)-1]
			s.want = append(s.want, line)
		}
	}
	return all
}

// String is the document with what commands print now.
func (d *document) String() string {
	at := map[int]*step{}
	for _, b := range d.blocks {
		for _, s := range b.steps {
			at[s.line] = s
		}
	}
	var out []string
	for i := 0; i < len(d.lines); i++ {
		out = append(out, d.lines[i])
		if s := at[i]; s != nil && s.now != nil {
			out = append(out, s.now...)
			i += len(s.want)
		}
	}
	return strings.Join(out, "\n")
}
