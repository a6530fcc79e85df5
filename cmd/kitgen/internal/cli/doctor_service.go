package cli

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/kitgen/kitgen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// module looks at the go.mod that is in force, and at the library in it.
func (d *doctor) module() {
	dir, err := filepath.Abs(d.dir)
	if err != nil {
		d.wrong("module", "", "%v", err)
		return
	}
	mod, err := project.FindModule(dir)
	switch {
	case err != nil:
		d.wrong("module", "correct it", "%v", err)
		return
	case mod.Path == "":
		d.absent("module", "kitgen new service greeter makes one", "there is none here")
		return
	}
	d.ok("module", "%s in %s", mod.Path, mod.Dir)
	if mod.Path == libraryPath || strings.HasPrefix(mod.Path, libraryPath+"/") {
		return // the library itself
	}
	d.library(mod)
}

func (d *doctor) library(mod project.Mod) {
	required, replaced := mod.Requires(libraryPath)
	switch {
	case required == "":
		d.absent("library", "go get "+libraryPath+" if a service shall be here", "%s does not require it", mod.Path)
	case replaced != "" && !isLibrary(replaced):
		d.wrong("library", "go mod edit -replace="+libraryPath+"=DIR, with DIR where its checkout is now", "go.mod replaces it by %s, which is no checkout of it", replaced)
	case replaced != "":
		d.ok("library", "the checkout in %s", replaced)
	case required != "v"+kitgen.Version:
		d.wrong("library", "go get "+libraryPath+"@v"+kitgen.Version+", or use the kitgen of "+required+": go get -tool "+project.ToolPath+"@"+required,
			"KG072: go.mod has %s, and this kitgen is %s", required, kitgen.Version)
	default:
		d.ok("library", "%s, as this kitgen", required)
	}
	if !mod.Tool(project.ToolPath) && required != "" {
		version := ""
		if replaced == "" {
			version = "@" + required
		}
		d.absent("tool", "go get -tool "+project.ToolPath+version, "go.mod does not pin kitgen, so go generate needs one that is installed")
	}
}

// service looks at the generated service; nil if there is none, or none to
// read.
func (d *doctor) service() *project.Manifest {
	fsys := os.DirFS(d.dir)
	if _, err := os.Stat(filepath.Join(d.dir, project.ManifestPath)); err != nil {
		d.absent("service", "kitgen new service greeter, or name the directory of one", "there is none here")
		return nil
	}
	m, err := project.ReadManifest(fsys, d.dir)
	if err != nil {
		d.wrong("service", "", "%v", err)
		return nil
	}
	d.ok("service", "%s, by kitgen %s", m.Service, m.Kitgen)
	d.files(m)
	return m
}

// files compares what was generated with what is there, and with what would be
// generated now.
func (d *doctor) files(m *project.Manifest) {
	plan, err := update(os.DirFS(d.dir), d.dir, m, m, false)
	if err != nil {
		d.wrong("interface", "", "%v", err)
		return
	}
	var edited, old []string
	for _, c := range plan.Edited {
		edited = append(edited, c.Path)
	}
	for _, c := range plan.Changes {
		if c.Verb != project.Identical {
			old = append(old, c.Path)
		}
	}
	switch {
	case len(edited) > 0:
		d.wrong("files", "kitgen generate --diff shows the edits, kitgen generate --force gives them up", "KG070: edited by hand, and generated: %s", strings.Join(edited, ", "))
	case len(old) > 0:
		d.wrong("files", "kitgen generate", "out of date: %s", strings.Join(old, ", "))
	case len(plan.Manual) > 0:
		d.wrong("files", "kitgen generate prints what to add", "to be completed by hand: %s", plan.Manual[0].Where)
	default:
		d.ok("files", "%s as they were generated", count(len(m.Generated), "file"))
	}
}
