package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

// TestInterrupted: who presses Ctrl-C before anything is written finds the tree
// as it was.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	runKitgen(t, dir, exitOK, "new", "service", "greeter")
	before := treeHash(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range []string{
		"new service other", "new workspace shop --services a,b",
		"-C greeter add middleware shed", "-C greeter add registry consul", "-C greeter add method Ping(ctx",
		"add client tool --of greeter",
	} {
		words := strings.Fields(args)
		if last := len(words) - 1; words[last] == "Ping(ctx" {
			words[last] = "Ping(ctx context.Context) error"
		}
		t.Chdir(dir)
		var out, errs bytes.Buffer
		code := Main(ctx, words, nil, &out, &errs)
		if code != exitError || out.Len() > 0 || errs.String() != "kitgen: interrupted\n" {
			t.Errorf("kitgen %s: exit code %d, %q, %q", args, code, &out, &errs)
		}
		if treeHash(t, dir) != before {
			t.Errorf("kitgen %s: the tree has changed", args)
		}
	}
}
