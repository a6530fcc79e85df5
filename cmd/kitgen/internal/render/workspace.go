package render

import (
	"io/fs"
	"path"
	"strings"
	"text/template"
)

// WorkspaceInput is what the files around several services depend on.
type WorkspaceInput struct {
	Name     string
	Registry string
	Go       string   // version of Go
	Services []string // names, which are directories, too
	Blocks   []string // of compose.yaml: the registry and the services, as ComposeBlock has them
}

// Workspace returns the files around several services, which are the user's.
func Workspace(in WorkspaceInput, templates fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(templates, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".tmpl" {
			return err
		}
		text, err := fs.ReadFile(templates, name)
		if err != nil {
			return err
		}
		t, err := template.New(name).Option("missingkey=error").Parse(string(text))
		if err != nil {
			return err
		}
		f := File{Path: strings.TrimSuffix(name, ".tmpl"), Kind: Seeded}
		if err := f.fill(t, in, nil); err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	return files, err
}

// ComposeBlock is what the compose.yaml among the files of a service says of
// the container of that name; empty if it says nothing.
func ComposeBlock(files []File, container string) string {
	var block []string
	for _, f := range files {
		if f.Path != "compose.yaml" {
			continue
		}
		for line := range strings.SplitSeq(string(f.Text), "\n") {
			switch {
			case line == "  "+container+":":
				block = []string{line}
			case block == nil:
			case line != "" && !strings.HasPrefix(line, "   "):
				return strings.TrimRight(strings.Join(block, "\n"), "\n")
			default:
				block = append(block, line)
			}
		}
	}
	return strings.TrimRight(strings.Join(block, "\n"), "\n")
}
