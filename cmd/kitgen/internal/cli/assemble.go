package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kitgen/kitgen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/templates"
)

// plan renders the service, in memory.
func (o *newOptions) plan(place project.Place, lib project.Library) (*project.Plan, error) {
	source, err := o.source()
	if err != nil {
		return nil, err
	}
	svc, err := o.load(source, place.Module)
	if err != nil {
		return nil, err
	}
	remembered := manifest(svc, o.transports, o.registry)
	own, err := project.Implementation(source, remembered.Methods)
	if err != nil {
		return nil, err
	}
	tree, err := fs.Sub(templates.Service, "service")
	if err != nil {
		return nil, err
	}
	files, err := render.Render(render.Input{
		Service:    svc,
		Source:     source,
		Version:    kitgen.Version,
		Transports: o.transports,
		Registry:   o.registry,
		Greets:     o.from == "",
		Own:        own,
	}, tree)
	if err != nil {
		return nil, err
	}
	if place.Own {
		snapshot, err := fs.Sub(templates.Modules, "module")
		if err != nil {
			return nil, err
		}
		module, err := project.Module(place, lib, snapshot, moduleName(o.transports))
		if err != nil {
			return nil, err
		}
		files = append(files, module...)
	}
	return project.New(remembered, files)
}

// manifest is what is remembered of a service.
func manifest(svc *spec.Service, transports []string, registry string) project.Manifest {
	m := project.Manifest{
		Kitgen:     kitgen.Version,
		Service:    svc.Name,
		Interface:  svc.Interface,
		Transports: transports,
		Registry:   registry,
	}
	for _, method := range svc.Methods {
		m.Methods = append(m.Methods, method.Name)
	}
	return m
}

// moduleName is what the snapshot for a set of transports is called.
func moduleName(transports []string) string {
	sorted := slices.Sorted(slices.Values(transports))
	return strings.Join(slices.Compact(sorted), "-")
}

// source is the file with the interface.
func (o *newOptions) source() ([]byte, error) {
	if o.from == "" {
		tree, err := fs.Sub(templates.Service, "service")
		if err != nil {
			return nil, err
		}
		return render.Seed(o.name, tree)
	}
	text, err := os.ReadFile(o.from)
	if err != nil {
		return nil, project.Refusal(fmt.Sprintf("--from: %v; name a Go file", err))
	}
	return text, nil
}

// load reads the interface out of source, under the name that the file gets.
func (o *newOptions) load(source []byte, module string) (svc *spec.Service, err error) {
	dir, err := os.MkdirTemp("", "kitgen")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, o.name+".go"), source, 0o600); err != nil {
		return nil, err
	}
	svc, err = spec.Load(dir, spec.Options{Interface: o.iface, Name: o.name, Module: module})
	if problems, ok := errors.AsType[spec.Problems](err); ok && o.from != "" {
		for i := range problems { // the user knows the file under another name
			problems[i].Pos = strings.Replace(problems[i].Pos, o.name+".go", o.from, 1)
		}
	}
	return svc, err
}
