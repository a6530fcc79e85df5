package project

import (
	"io/fs"
	"path"
	"strings"
)

// CleanPath is a path below the service's directory, as the manifest has it:
// with slashes on every system, and never out of the directory. Those of
// Windows are understood, and refused if they begin with a drive.
func CleanPath(name string) (string, error) {
	clean := path.Clean(strings.ReplaceAll(name, `\`, "/"))
	if name == "" || !fs.ValidPath(clean) || clean == "." || strings.Contains(clean, ":") || strings.HasPrefix(name, "/") || strings.HasPrefix(name, `\`) {
		return "", refuse("%q: is no path below the service's directory; write one such as tmpl/http.tmpl", name)
	}
	return clean, nil
}
