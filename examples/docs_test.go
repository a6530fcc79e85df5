// Package examples holds one folder per question that a user asks. This test
// keeps the documents honest: every block of Go in them stands in a file that
// is compiled and tested.
package examples

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

func TestEveryGoBlockOfTheDocsIsCompiled(t *testing.T) {
	code := compiled(t)
	blocks := 0
	for _, doc := range []string{"README.md", "ARCHITECTURE.md", "DECISIONS.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile(filepath.Join("..", doc))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range goBlock.FindAllStringSubmatch(string(text), -1) {
			blocks++
			if !strings.Contains(code, bare(m[1])) {
				t.Errorf("%s: this block is in no file of examples/ or of the generated service; copy it from there, without changes:\n%s", doc, m[1])
			}
		}
	}
	if blocks == 0 {
		t.Error("no Go block found in any document: the test looks for the wrong thing")
	}
}

// compiled is all code that users are shown, without indentation.
func compiled(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"*/*.go", "*/cmd/*/*.go", "../cmd/kitgen/internal/demo/files/*.go.txt"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all.WriteString(bare(string(b)))
		}
	}
	return all.String()
}

// bare is text without indentation and blank lines, and with single spaces,
// because gofmt aligns a comment by its neighbours.
func bare(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) > 0 {
			b.WriteString(strings.Join(f, " ") + "\n")
		}
	}
	return b.String()
}
