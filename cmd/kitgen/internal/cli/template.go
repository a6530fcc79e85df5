package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/templates"
)

func newTemplate(con *console.Console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "template",
		Short: "Look at the templates, to write your own in the place of one",
		Long: `A service can have templates of its own. Copy one, edit it, and name it in
` + project.ManifestPath + `:

    kitgen template show http_gen.go > http_gen.go.tmpl
    "templates": {"http_gen.go": "http_gen.go.tmpl"}

What a template can use is listed by kitgen template model. Its first line says
of which version of that list it is; a kitgen with another one refuses it.`,
		Args: commandsOnly,
		RunE: func(*cobra.Command, []string) error {
			return misuse("template what? Write kitgen template list, show NAME or model")
		},
	}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "list",
			Short: "List the templates, and which of them the service here replaces",
			Args:  noArguments,
			RunE:  func(*cobra.Command, []string) error { return listTemplates(con) },
		},
		&cobra.Command{
			Use:               "show NAME",
			Short:             "Print a template",
			Example:           "  kitgen template show http_gen.go",
			Args:              one("template", "kitgen template show http_gen.go"),
			RunE:              func(_ *cobra.Command, args []string) error { return showTemplate(con, args[0]) },
			ValidArgsFunction: completeTemplates,
		},
		&cobra.Command{
			Use:   "model",
			Short: "Print what templates can use, and what it means",
			Args:  noArguments,
			RunE: func(*cobra.Command, []string) error {
				_, err := fmt.Fprint(con.Out, render.ModelDoc())
				return err
			},
		},
	)
	return cmd
}

// builtin are the templates of a service, by what they are called: their file
// without .tmpl.
func builtin() (tree fs.FS, names []string, err error) {
	tree, err = fs.Sub(templates.Service, "service")
	if err != nil {
		return nil, nil, err
	}
	err = fs.WalkDir(tree, ".", func(name string, _ fs.DirEntry, err error) error {
		if base, ok := strings.CutSuffix(name, ".tmpl"); ok {
			names = append(names, base)
		}
		return err
	})
	return tree, names, err
}

func listTemplates(con *console.Console) error {
	tree, names, err := builtin()
	if err != nil {
		return err
	}
	own := map[string]string{}
	if s, err := openService(con); err == nil {
		own = s.manifest.Templates
		s.root.Close()
	}
	for _, name := range names {
		text, err := fs.ReadFile(tree, name+".tmpl")
		if err != nil {
			return err
		}
		fmt.Fprintf(con.Out, "%-30s %s", name, declares(text))
		if file := own[name]; file != "" {
			fmt.Fprintf(con.Out, ", replaced by %s", file)
		}
		fmt.Fprintln(con.Out)
	}
	return nil
}

func showTemplate(con *console.Console, name string) error {
	tree, names, err := builtin()
	if err != nil {
		return err
	}
	if err := known("template", name, names); err != nil {
		return err
	}
	text, err := fs.ReadFile(tree, name+".tmpl")
	if err != nil {
		return err
	}
	_, rest, _ := bytes.Cut(text, []byte("\n"))
	_, err = fmt.Fprintf(con.Out, "{{/* %s, model %d */ -}}\n%s", declares(text), render.Model, rest)
	return err
}

func completeTemplates(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	_, names, err := builtin()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// firstLine is what a template says of itself: what becomes of its file, and,
// if it is the user's, of which model it is.
var firstLine = regexp.MustCompile(`^\{\{/\* ([a-z -]+?)(?:, model (\d+))? \*/ -\}\}\r?$`)

func declares(template []byte) string {
	line, _, _ := bytes.Cut(template, []byte("\n"))
	if m := firstLine.FindSubmatch(line); m != nil {
		return string(m[1])
	}
	return ""
}

// rendered are the files of a service, made with its own templates where it
// has any.
func rendered(fsys fs.FS, in render.Input, m *project.Manifest) ([]render.File, error) {
	tree, names, err := builtin()
	if err != nil {
		return nil, err
	}
	if len(m.Templates) == 0 {
		return render.Render(in, tree)
	}
	in.Taken = nil // who writes a template is told of mistakes in it at once
	over := project.Overlay{FS: tree, Files: map[string][]byte{}}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(m.Templates)) {
		text, err := override(fsys, tree, names, name, m.Templates[name])
		errs = append(errs, err)
		over.Files[name+".tmpl"] = text
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	files, err := render.Render(in, over)
	if err != nil {
		return nil, inTemplate(err, m.Templates)
	}
	return files, nil
}

// override reads a template of the user's in the place of another one.
func override(fsys, tree fs.FS, names []string, name, file string) ([]byte, error) {
	if err := known(project.ManifestPath+": templates: ", name, names); err != nil {
		return nil, err
	}
	clean, err := project.CleanPath(filepath.ToSlash(file))
	if err != nil {
		return nil, fmt.Errorf("%s: templates: %w", project.ManifestPath, err)
	}
	text, err := fs.ReadFile(fsys, clean)
	if err != nil {
		return nil, project.Refusal(fmt.Sprintf("%s: KG074: templates: %v; kitgen template show %s prints one to start from", project.ManifestPath, err, name))
	}
	original, err := fs.ReadFile(tree, name+".tmpl")
	if err != nil {
		return nil, err
	}
	want := fmt.Sprintf("{{/* %s, model %d */ -}}", declares(original), render.Model)
	line, rest, _ := bytes.Cut(text, []byte("\n"))
	if got := strings.TrimSuffix(string(line), "\r"); got != want {
		return nil, project.Refusal(fmt.Sprintf("%s:1: KG074: begins with %q: make it %s, after a look at kitgen template model if the number changes", clean, got, want))
	}
	first, _, _ := bytes.Cut(original, []byte("\n"))
	return slices.Concat(first, []byte("\n"), rest), nil
}

// inTemplate says of an error of rendering in which file of the user's it is.
func inTemplate(err error, own map[string]string) error {
	if _, ok := errors.AsType[spec.Problems](err); ok {
		return err
	}
	text := strings.TrimSpace(err.Error())
	for name, file := range own {
		at := regexp.MustCompile(`template:? ` + regexp.QuoteMeta(name+".tmpl") + `((:\d+)*):? `)
		if at.MatchString(text) {
			return project.Refusal(at.ReplaceAllString(text, filepath.ToSlash(file)+"$1: KG074: ") + ": correct the template; kitgen template model lists what it can use")
		}
	}
	return err
}
