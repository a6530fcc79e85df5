package archtest

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// decisions is where every direct dependency has its line.
const decisions = "DECISIONS.md"

var reasonLine = regexp.MustCompile("(?m)^- `([a-z][^`]*\\.[^`]*/[^`]*)` — (.+)$")

// TestDependenciesHaveReasons compares the go.mod files with DECISIONS.md, both
// ways: nothing comes in without a reason, and no reason outlives its cause.
func TestDependenciesHaveReasons(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, decisions))
	if err != nil {
		t.Fatal(err)
	}
	direct := make(map[string][]string)
	for _, folder := range []string{".", "cmd/kitgen", "examples"} {
		direct[folder] = requires(t, folder)
	}
	report(t, checkReasons(reasons(string(text)), direct))
}

// reasons maps module paths to why they are needed.
func reasons(text string) map[string]string {
	found := make(map[string]string)
	for _, m := range reasonLine.FindAllStringSubmatch(text, -1) {
		found[m[1]] = m[2]
	}
	return found
}

// requires lists the direct requirements of the module in folder.
func requires(t *testing.T, folder string) (paths []string) {
	t.Helper()
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(run(t, "mod", "edit", "-json", folder+"/go.mod"), &mod); err != nil {
		t.Fatalf("read %s/go.mod: %v", folder, err)
	}
	for _, r := range mod.Require {
		if !r.Indirect {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

// checkReasons takes the direct requirements of each module's folder.
func checkReasons(why map[string]string, direct map[string][]string) (complaints []string) {
	used := make(map[string]bool)
	for _, folder := range slices.Sorted(maps.Keys(direct)) {
		for _, path := range direct[folder] {
			used[path] = true
			reason, ok := why[path]
			switch {
			case !ok:
				complaints = append(complaints, folder+"/go.mod requires "+path+", which "+decisions+" does not name\n"+
					"\trule: every direct dependency has a line there that says why: - `"+path+"` — why")
			case folder == "." && strings.HasPrefix(reason, "kitgen:"):
				complaints = append(complaints, "the library's go.mod requires "+path+", which "+decisions+" says is for kitgen alone\n"+
					"\trule: the library brings only what its users run")
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(why)) {
		if !used[path] {
			complaints = append(complaints, decisions+" gives a reason for "+path+", which no go.mod requires directly\n"+
				"\trule: remove the line with the dependency")
		}
	}
	return complaints
}

func TestCheckReasonsComplains(t *testing.T) {
	t.Parallel()
	why := reasons("# Text\n\n- `a.org/lib` — seams\n- `a.org/tool` — kitgen: commands\n- `lb` — no module\n- `a.org/gone` — was useful\n")
	direct := map[string][]string{".": {"a.org/lib", "a.org/tool", "a.org/new"}, "cmd/kitgen": {"a.org/tool"}}
	got := strings.Join(checkReasons(why, direct), "\n")
	for _, want := range []string{"./go.mod requires a.org/new", "a.org/tool, which DECISIONS.md says is for kitgen alone", "a reason for a.org/gone"} {
		if !strings.Contains(got, want) {
			t.Errorf("complaints = %q; want %q in them", got, want)
		}
	}
	if n := strings.Count(got, "rule:"); n != 3 {
		t.Errorf("%d complaints; want 3:\n%s", n, got)
	}
}
