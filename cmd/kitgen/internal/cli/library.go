package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"github.com/kitgen/kitgen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

const libraryPath = "github.com/kitgen/kitgen"

// findLibrary says which library generated services require: the one in dir,
// if that is given; the checkout that this kitgen was built from, if it is
// still there; else the release that this kitgen belongs to.
func findLibrary(dir string) (project.Library, error) {
	if dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return project.Library{}, err
		}
		if !isLibrary(abs) {
			return project.Library{}, project.Refusal("--kit-dir " + dir + ": has no go.mod of module " + libraryPath + "; name the directory of its checkout")
		}
		return project.Library{Dir: abs}, nil
	}
	if v := released(); v != nil {
		return *v, nil
	}
	if dir := checkout(); dir != "" {
		return project.Library{Dir: dir}, nil
	}
	return project.Library{Version: "v" + kitgen.Version}, nil
}

// released is the release that the go command built into this binary; nil if
// it was built from a checkout. kitgen and the library are released together.
func released() *project.Library {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var lib project.Library
	for _, m := range append(info.Deps, &info.Main) {
		switch {
		case m.Replace != nil || m.Sum == "":
		case m.Path == libraryPath:
			lib.Version, lib.Sum = m.Version, m.Sum
		case m.Path == project.ToolPath:
			lib.ToolSum = m.Sum
		}
	}
	if lib.Version == "" {
		return nil
	}
	return &lib
}

// checkout is where this file was compiled, seen from its module's root.
func checkout() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) { // built with -trimpath
		return ""
	}
	for dir := filepath.Dir(file); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if isLibrary(dir) {
			return dir
		}
	}
	return ""
}

func isLibrary(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && project.ModulePath(text) == libraryPath
}
