package contract

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// shards are what the processes run that run side by side: the tests mostly wait,
// and those that count gRPC's channels want a process of their own each.
var shards = []string{
	`^Test$/^[A-BD]`,
	`^Test$/^C[A-Zl]`,
	`^Test$/^C[^A-Zl]`,
	`^Test$/^[E-G]`,
	`^Test$/^[H-M]`,
	`^Test$/^[N-Q]`,
	`^Test$/^R`,
	`^Test$/^S[a-q]`,
	`^Test$/^S[^a-q]`,
	`^Test$/^[T-Z]`,
	`^Test$/^[^A-Z]`,
}

// least is how many tests there were when this was written: a pattern that matches
// nothing passes, too.
const least = 320

// words are what the tests look for in errors, as ours have it.
var words = []struct{ file, theirs, ours string }{
	{"roundrobin_test.go", `"no children to pick from"`, `"no instance is registered"`},
}

//go:embed testdata/kit_test.go.txt
var kitTest []byte

// TestGRPC takes a minute or two from a cold cache, to compile what gRPC's tests
// want, and then half of one; 9 minutes at most. With -v it says what it is doing.
func TestGRPC(t *testing.T) {
	if testing.Short() {
		t.Skip("gRPC's own tests take half a minute: not with -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
	defer cancel()
	work := workspace(ctx, t)
	binary := filepath.Join(t.TempDir(), "grpc.test")
	t.Logf("compiling gRPC's tests in %s", work)
	run(ctx, t, work, "go", "test", "-c", "-o", binary, "./grpc/test")

	t.Logf("running them in %d processes, for half a minute", len(shards))
	var all results
	var side sync.WaitGroup
	for _, pattern := range shards {
		side.Go(func() { all.shard(ctx, t, filepath.Join(work, "grpc", "test"), binary, pattern) })
	}
	side.Wait()
	all.again(ctx, t, filepath.Join(work, "grpc", "test"), binary)
	all.report(t)
}

// results are those of all shards.
type results struct {
	mu                      sync.Mutex // guards what follows
	passed, failed, skipped []string
	built                   int
}

var (
	result = regexp.MustCompile(`^    --- (PASS|FAIL|SKIP): Test/(\S+)`)
	built  = regexp.MustCompile(`built=(\d+)`)
)

// shard runs the tests that match pattern, and the last, which counts.
func (r *results) shard(ctx context.Context, t *testing.T, dir, binary, pattern string) {
	cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.timeout=5m", "-test.run=^TestZKit$|"+pattern)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	r.mu.Lock()
	defer r.mu.Unlock()
	failed := len(r.failed)
	for line := range strings.Lines(string(out)) {
		if m := built.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			r.built += n
		}
		switch m := result.FindStringSubmatch(line); {
		case m == nil:
		case m[1] == "PASS":
			r.passed = append(r.passed, m[2])
		case m[1] == "SKIP":
			r.skipped = append(r.skipped, m[2])
		default:
			r.failed = append(r.failed, m[2])
		}
	}
	if err != nil && len(r.failed) == failed { // it panicked, or took too long
		t.Errorf("%s: %v\n%s", pattern, err, out[max(0, len(out)-8000):])
	}
}

// again runs what has failed once more, alone: some of gRPC's tests want to be
// quicker than a machine is that has other things to do.
func (r *results) again(ctx context.Context, t *testing.T, dir, binary string) {
	failed := r.failed
	r.failed = nil
	for _, name := range failed {
		t.Logf("%s failed beside the others: once more", name)
		cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.timeout=2m", "-test.run=^Test$/^"+name+"$")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			r.failed = append(r.failed, name)
			t.Errorf("%s: %v\n%s", name, err, excerpt(out, name))
		} else {
			r.passed = append(r.passed, name)
		}
	}
}

// excerpt is what the test of that name said.
func excerpt(out []byte, name string) []byte {
	from := bytes.Index(out, []byte("=== RUN   Test/"+name+"\n"))
	if from < 0 {
		return out
	}
	return out[from:min(len(out), from+4000)]
}

func (r *results) report(t *testing.T) {
	for _, names := range [][]string{r.passed, r.failed, r.skipped} {
		slices.Sort(names)
	}
	t.Logf("%d passed, %d failed, %d skip themselves %v; %d of our balancers were built", len(r.passed), len(r.failed), len(r.skipped), r.skipped, r.built)
	for _, w := range words {
		t.Logf("in %s, %s was made %s", w.file, w.theirs, w.ours)
	}
	t.Logf("passed: %s", strings.Join(r.passed, " "))
	if n := len(r.passed) + len(r.failed) + len(r.skipped); n < least {
		t.Errorf("%d tests ran, want %d: the shards miss some", n, least)
	}
	if seen := slices.Compact(slices.Clone(r.passed)); len(seen) != len(r.passed) {
		t.Error("some tests ran twice: the shards overlap")
	}
	if r.built < 100 {
		t.Errorf("our balancer was built %d times: the tests ran with another", r.built)
	}
}

// workspace returns a folder with a copy of gRPC's module, to which the test file is
// added, and a go.work that joins it with this repository. It is kept between runs,
// since what is compiled in it depends on its path.
func workspace(ctx context.Context, t *testing.T) string {
	t.Helper()
	root := strings.TrimSpace(run(ctx, t, ".", "go", "list", "-m", "-f", "{{.Dir}}", "github.com/kitgen/kitgen"))
	source := strings.TrimSpace(run(ctx, t, ".", "go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/grpc"))
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(root))
	work := filepath.Join(cache, "kitgen", "grpccontract", filepath.Base(source)+"-"+hex.EncodeToString(sum[:4]))
	if _, err := os.Stat(filepath.Join(work, "grpc")); err != nil {
		t.Logf("copying %s to %s", source, work)
		copyModule(t, source, work)
	}
	for _, w := range words {
		file := filepath.Join("test", w.file)
		text := read(t, filepath.Join(source, file))
		if !bytes.Contains(text, []byte(w.theirs)) {
			t.Errorf("%s has no %s any more: take it out of words", file, w.theirs)
		}
		write(t, filepath.Join(work, "grpc", file), bytes.ReplaceAll(text, []byte(w.theirs), []byte(w.ours)))
	}
	write(t, filepath.Join(work, "grpc", "test", "kit_test.go"), kitTest)
	write(t, filepath.Join(work, "go.work"), goWork(ctx, t, root))
	return work
}

// copyModule copies a module into a folder, in one step.
func copyModule(t *testing.T, source, work string) {
	t.Helper()
	if err := os.MkdirAll(work, 0o755); err != nil {
		t.Fatal(err)
	}
	half, err := os.MkdirTemp(work, "half-") //nolint:usetesting // it is renamed, which needs one file system
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(half)
	if err := os.CopyFS(filepath.Join(half, "grpc"), os.DirFS(source)); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(half, func(path string, d os.DirEntry, err error) error { // the module cache is read-only
		if err != nil || !d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o755)
	}); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(half, "grpc"), filepath.Join(work, "grpc")); err != nil {
		if _, statErr := os.Stat(filepath.Join(work, "grpc")); statErr != nil { // else another run was faster
			t.Fatal(err)
		}
	}
}

// goWork joins the two modules, with what the repository replaces of others'.
func goWork(ctx context.Context, t *testing.T, root string) []byte {
	t.Helper()
	var ours struct {
		Go      string
		Replace []struct {
			Old, New struct{ Path, Version string }
		}
	}
	if err := json.Unmarshal([]byte(run(ctx, t, root, "go", "work", "edit", "-json", filepath.Join(root, "go.work"))), &ours); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "go %s\n\nuse ./grpc\n\nuse %s\n", ours.Go, strconv.Quote(root))
	for _, r := range ours.Replace {
		if r.New.Version != "" { // the others are parts of the repository
			fmt.Fprintf(&b, "\nreplace %s => %s %s\n", r.Old.Path, r.New.Path, r.New.Version)
		}
	}
	return b.Bytes()
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// write writes a file, unless it is as it should be.
func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return
	}
	_ = os.Remove(path) // it may be read-only, as the module cache is
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// run runs a go command, within the workspace that dir is in.
func run(ctx context.Context, t *testing.T, dir string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=", "GOFLAGS=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return string(out)
}
