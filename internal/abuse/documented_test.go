package abuse

import (
	"os"
	"strings"
	"testing"
)

// documented wants the table of docs/security.md to say what was seen.
func documented(t *testing.T, row, http, grpc string) {
	t.Helper()
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.TrimSpace(cells[1]) != row {
			continue
		}
		for i, want := range []string{http, grpc} {
			if !strings.Contains(cells[2+i], want) {
				t.Errorf("docs/security.md says of %s %q; seen was %q", row, strings.TrimSpace(cells[2+i]), want)
			}
		}
		return
	}
	t.Errorf("docs/security.md has no row %q; seen was %q and %q", row, http, grpc)
}
