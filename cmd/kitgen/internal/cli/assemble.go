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
	"github.com/kitgen/kitgen/cmd/kitgen/internal/fromproto"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/templates"
)

// plan renders the service, in memory.
func (o *newOptions) plan(place project.Place, lib project.Library) (*project.Plan, error) {
	from, err := o.source()
	if err != nil {
		return nil, err
	}
	source := from.Source
	svc, err := o.load(source, place)
	if err != nil {
		return nil, err
	}
	svc.Warnings = append(svc.Warnings, from.Warnings...)
	remembered := manifest(svc, o.transports, o.registry)
	own, err := project.Implementation(source, remembered.Methods)
	if err != nil {
		return nil, err
	}
	tree, err := fs.Sub(templates.Service, "service")
	if err != nil {
		return nil, err
	}
	in := render.Input{
		Service:    svc,
		Source:     source,
		Version:    kitgen.Version,
		Transports: o.transports,
		Registry:   o.registry,
		Greets:     o.from == "",
		Module:     place.Own,
		Own:        own,
		OldProto:   from.Lock,
	}
	files, err := render.Render(in, tree)
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
	plan, err := project.New(remembered, files)
	if err != nil {
		return nil, err
	}
	plan.Warnings, err = warnings(in, files)
	return plan, err
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

// source is the file with the interface, and what else is known of the service.
func (o *newOptions) source() (*fromproto.Result, error) {
	if o.from == "" {
		tree, err := fs.Sub(templates.Service, "service")
		if err != nil {
			return nil, err
		}
		text, err := render.Seed(o.name, tree)
		return &fromproto.Result{Source: text}, err
	}
	text, err := os.ReadFile(o.from)
	if err != nil {
		return nil, project.Refusal(fmt.Sprintf("--from: %v; name a Go file, or a .proto", err))
	}
	if filepath.Ext(o.from) != ".proto" {
		return &fromproto.Result{Source: text}, nil
	}
	if !slices.Contains(o.transports, "grpc") {
		return nil, project.Refusal("--from: the callers of a .proto speak gRPC; write --transports grpc, or http,grpc")
	}
	return fromproto.Read(fromproto.Input{File: o.from, Text: text, Open: o.imported, Package: o.name, Service: o.iface})
}

// imported reads what the .proto imports, whose paths start in its directory
// or in one above it.
func (o *newOptions) imported(path string) ([]byte, error) {
	file, err := filepath.Localize(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	dir, err := filepath.Abs(filepath.Dir(o.from))
	if err != nil {
		return nil, err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return text, err
		}
		if filepath.Dir(dir) == dir {
			return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
		}
		dir = filepath.Dir(dir)
	}
}

// load reads the interface out of source, under the name that the file gets.
func (o *newOptions) load(source []byte, place project.Place) (svc *spec.Service, err error) {
	dir, err := os.MkdirTemp("", "kitgen")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.WriteFile(filepath.Join(dir, o.name+".go"), source, 0o600); err != nil {
		return nil, err
	}
	iface := o.iface
	if filepath.Ext(o.from) == ".proto" {
		iface = "" // it was the service's name there
	}
	opt := spec.Options{Interface: iface, Name: o.name, Module: place.Module, Dir: dir}
	if !place.Own {
		opt.Dir = place.Dir // its module has what the interface imports; one of its own will have what kitgen requires
	}
	svc, err = spec.Load(dir, opt)
	return svc, err
}

// placed is err with the places in the file that the user gave, which the
// service has under another name.
func (o *newOptions) placed(err error) error {
	problems, ok := errors.AsType[spec.Problems](err)
	if !ok || o.from == "" {
		return err
	}
	for i, p := range problems {
		problems[i].Pos = strings.Replace(p.Pos, o.name+".go", o.from, 1)
		problems[i].Msg = strings.ReplaceAll(p.Msg, o.name+".go", o.from)
	}
	return problems
}
