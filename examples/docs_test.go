// Package examples holds one folder per question that a user asks. This test
// keeps the documents honest: every block of Go in them stands in a file that
// is compiled and tested.
package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

func TestEveryGoBlockOfTheDocsIsCompiled(t *testing.T) {
	code := compiled(t)
	blocks := 0
	for _, doc := range documents(t) {
		text, err := os.ReadFile(doc)
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

// documents are all that people read.
func documents(t *testing.T) []string {
	t.Helper()
	return found(t, "../README.md", "../ARCHITECTURE.md", "../DECISIONS.md", "../CONTRIBUTING.md", "../docs/*.md", "*/README.md")
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestEveryLinkOfTheDocsLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for _, doc := range documents(t) {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			to, _, _ := strings.Cut(m[1], "#")
			if to == "" || strings.Contains(to, "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(doc), to)); err != nil {
				t.Errorf("%s: %v", doc, err)
			}
		}
	}
}

var command = regexp.MustCompile(`(?m)^\$ (.*)$`)

// TestEveryCommandOfTheExamplesIsTaken gives every command of their READMEs to
// the program, with -h at its end: flags are read up to there. What the
// commands do is the business of each example's own test.
func TestEveryCommandOfTheExamplesIsTaken(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	for _, doc := range found(t, "*/README.md") {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range command.FindAllStringSubmatch(string(text), -1) {
			switch words := strings.Fields(m[1]); {
			case m[1] == "consul agent -dev": // not ours
			case len(words) > 3 && words[0] == "go" && words[1] == "run" && words[2] == "../cmd/kitgen":
				hasWord(t, "../cmd/kitgen/internal/*/*.go", `"`+words[3]+`"`, m[1])
			case len(words) > 2 && words[0] == "go" && words[1] == "run":
				program := filepath.Join(bin, filepath.Base(words[2]))
				run(t, "go", "build", "-o", program, words[2])
				run(t, program, append(words[3:], "-h")...)
			default:
				t.Errorf("%s: this test does not know how to check %q", doc, m[1])
			}
		}
	}
}

func run(t *testing.T, program string, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Errorf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
}

// hasWord wants a word in the code of a program that is too large to build here.
func hasWord(t *testing.T, pattern, word, command string) {
	t.Helper()
	for _, file := range found(t, pattern) {
		if b, err := os.ReadFile(file); err == nil && strings.Contains(string(b), word) {
			return
		}
	}
	t.Errorf("%s: no file of %s has %s", command, pattern, word)
}

// found is the files of all patterns.
func found(t *testing.T, patterns ...string) (files []string) {
	t.Helper()
	for _, pattern := range patterns {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, matches...)
	}
	return files
}

// compiled is all code that users are shown, without indentation.
func compiled(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, f := range found(t, "*.go", "*/*.go", "*/cmd/*/*.go", "../cmd/kitgen/internal/demo/files/*.go.txt", "../cmd/kitgen/internal/apipicture/*.go.txt") {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(bare(string(b)))
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
