package gosrc

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// goroot is where the standard library is: where GOROOT says, or around the go
// command in PATH.
func goroot() string {
	if root := goenv("GOROOT"); root != "" {
		return root
	}
	if goCommand, err := exec.LookPath("go"); err == nil {
		if file, err := filepath.EvalSymlinks(goCommand); err == nil {
			if root := filepath.Dir(filepath.Dir(file)); isDir(filepath.Join(root, "src", "builtin")) {
				return root
			}
		}
	}
	return runtime.GOROOT() //nolint:staticcheck // the last resort: where kitgen itself was built, if that is here
}

func modcache() string {
	if cache := goenv("GOMODCACHE"); cache != "" {
		return cache
	}
	if first := filepath.SplitList(goenv("GOPATH")); len(first) > 0 {
		return filepath.Join(first[0], "pkg", "mod")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, "go", "pkg", "mod")
}

// goenv is a variable of the environment, or what go env -w made of it.
func goenv(name string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	file := os.Getenv("GOENV")
	if file == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return ""
		}
		file = filepath.Join(config, "go", "env")
	}
	text, err := os.ReadFile(file)
	if err != nil { // none, or off
		return ""
	}
	for line := range bytes.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(string(line)), "="); ok && k == name {
			return v
		}
	}
	return ""
}
