package cli

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kitgen": func() { os.Exit(Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs sessions at the command line, one per file of
// testdata/script. The first word of a file's name is the command it is about.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup:               goEnv,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": exits,
			"tries": tries,
			"state": state,
			"keeps": keeps,
		},
	})
}

// goEnv lets scripts use the go command with the machine's caches, and write a
// line break as $NL.
func goEnv(env *testscript.Env) error {
	env.Setenv("NL", "\n")
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPROXY"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			return err
		}
		env.Setenv(name, strings.TrimSpace(string(value)))
	}
	return nil
}

// exits runs a program that must end with a certain code:
//
//	exits 4 kitgen new service func
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("%s: exit code %s, want %s", strings.Join(args[1:], " "), code, args[0])
	}
}

// tries runs a program that may end with any code: what it prints counts.
//
//	tries kitgen doctor
func tries(ts *testscript.TestScript, _ bool, args []string) {
	if err := ts.Exec(args[0], args[1:]...); err != nil {
		ts.Logf("%v", err)
	}
}

// state writes down every file below a directory, with its time and its hash:
//
//	state DIR FILE
func state(ts *testscript.TestScript, _ bool, args []string) {
	var b strings.Builder
	dir := ts.MkAbs(args[0])
	ts.Check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %v %s %x\n", strings.TrimPrefix(path, dir), info.Mode(), info.ModTime().Format("15:04:05.000000000"), sha256.Sum256(text))
		return err
	}))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o600))
}

// keeps checks that every line of the first file is in the second, in order:
//
//	keeps OLD NEW
func keeps(ts *testscript.TestScript, _ bool, args []string) {
	now := strings.SplitAfter(ts.ReadFile(args[1]), "\n")
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		for len(now) > 0 && now[0] != line {
			now = now[1:]
		}
		if len(now) == 0 {
			ts.Fatalf("%s: lost, or moved up: %q", args[1], line)
		}
		now = now[1:]
	}
}
