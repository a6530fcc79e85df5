//go:build unix

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// methods is the source of an interface with n methods.
func methods(n int) string {
	var b strings.Builder
	b.WriteString("package big\n\nimport \"context\"\n\n// Item is one of many.\ntype Item struct {\n\tID    string\n\tCount int32\n\tTags  []string\n}\n\ntype Service interface {\n")
	for i := range n {
		fmt.Fprintf(&b, "\t// Do%d does something.\n\tDo%d(ctx context.Context, name string, item Item, limit int) (items []Item, total int64, err error)\n", i, i)
	}
	b.WriteString("}\n")
	return b.String()
}

// TestGrowth: ten times as many methods are about ten times as much work, up to
// far more than anybody has.
func TestGrowth(t *testing.T) {
	allocs := func(n int) float64 {
		from := filepath.Join(t.TempDir(), "big.go")
		if err := os.WriteFile(from, []byte(methods(n)), 0o600); err != nil {
			t.Fatal(err)
		}
		o := newOptions{name: "big", from: from, transports: knownTransports, registry: "etcd"}
		return testing.AllocsPerRun(1, func() {
			if _, err := o.plan(project.Place{Module: "big", Own: true}, project.Library{Dir: "/kitgen"}); err != nil {
				t.Fatal(err)
			}
		})
	}
	few, many := allocs(50), allocs(500)
	if ratio := many / few; ratio > 12 {
		t.Errorf("50 methods are %.0f allocations, 500 are %.0f: %.1f times as many", few, many, ratio)
	}
}

// BenchmarkProcess is kitgen as somebody at a shell has it, from the start of
// the process to its end: 150 ms are allowed for new, 50 ms for generate with 30
// methods, and 100 MiB.
func BenchmarkProcess(b *testing.B) {
	dir := b.TempDir()
	kitgen := filepath.Join(dir, "kitgen")
	if out, err := exec.Command("go", "build", "-o", kitgen, "../..").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	run := func(b *testing.B, in string, args ...string) {
		b.Helper()
		cmd := exec.Command(kitgen, args...)
		cmd.Dir = in
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("kitgen %v: %v\n%s", args, err, out)
		}
		if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			b.ReportMetric(float64(usage.Maxrss)/1024, "MiB")
		}
	}
	b.Run("new", func(b *testing.B) {
		in, n := b.TempDir(), 0
		for b.Loop() {
			n++
			run(b, in, "new", "service", fmt.Sprintf("greeter%d", n))
		}
	})
	for _, n := range []int{30, 500} {
		b.Run(fmt.Sprintf("generate/%d", n), func(b *testing.B) {
			in := b.TempDir()
			if err := os.WriteFile(filepath.Join(in, "big.go"), []byte(methods(n)), 0o600); err != nil {
				b.Fatal(err)
			}
			run(b, in, "new", "service", "big", "--from", "big.go")
			for b.Loop() {
				run(b, filepath.Join(in, "big"), "generate")
			}
		})
	}
}
