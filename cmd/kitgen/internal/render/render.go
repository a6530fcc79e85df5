package render

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/template"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/httpgate"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/protogen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// Kind says whose a file is.
type Kind string

// The kinds of file.
const (
	Interface Kind = "interface" // the user's, and what everything else follows from
	Generated Kind = "generated" // kitgen's: always rewritten
	Seeded    Kind = "seeded"    // the user's: written once, then only added to
	Locked    Kind = "locked"    // kitgen's, and its own input the next time: the .proto
)

// Input is all that the text of a service depends on.
type Input struct {
	Service    *spec.Service
	Source     []byte   // text of the file with the interface
	Version    string   // of kitgen
	Transports []string // "http", "grpc"
	Registry   string   // what main registers with unless told otherwise: "etcd", "consul"
	Greets     bool     // the first method is that of kitgen's own example, so it can be written
	Module     bool     // the service is a module of its own
	Own        string   // type in Source that implements the interface already; empty if there is none
	OldProto   []byte   // the committed .proto, whose field numbers stay; nil if there is none
	OldOpenAPI []byte   // the committed description over HTTP, which callers rely on; nil if there is none
	Taken      []string // seeded files whose text nobody will look at; only their parts are made
}

// File is one file of a service.
type File struct {
	Path     string // relative to the service's directory, with slashes
	Kind     Kind
	Text     []byte
	Declares []string // of a Go file: its package-level names, methods aside
	Parts    []Part   // of a seeded file: what each method adds to it

	Lost httpgate.Changes // of the description over HTTP: what callers of the committed one will miss
}

// Render returns the files of in, sorted by path. Each is gofmt-ed; a template
// that makes text which does not parse is an error that shows that text.
func Render(in Input, templates fs.FS) ([]File, error) {
	v, err := newView(in)
	if err != nil {
		return nil, err
	}
	files, err := v.all(templates)
	if err != nil {
		return nil, err
	}
	files = append(files, File{Path: in.Service.File, Kind: Interface, Text: in.Source})
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	for i := range files[1:] {
		if files[i].Path == files[i+1].Path {
			return nil, spec.Problems{{
				Code: "KG007",
				Msg:  fmt.Sprintf("%s, the file of the interface, has the name of another file of every service", files[i].Path),
				Fix:  "name the service, or the file, otherwise, such as " + in.Service.Name + "svc",
			}}
		}
	}
	return files, nil
}

// all makes every file but the interface's own. They have nothing to do with one
// another, so they are made at the same time.
func (v *view) all(templates fs.FS) ([]File, error) {
	var jobs []func() ([]File, error)
	if v.GRPC {
		jobs = append(jobs, func() ([]File, error) { return contract(v.Service.Over("grpc"), v.in.OldProto) })
	}
	if v.HTTP {
		jobs = append(jobs, func() ([]File, error) {
			api, err := described(v)
			return []File{api}, err
		})
	}
	err := fs.WalkDir(templates, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".tmpl" {
			return err
		}
		jobs = append(jobs, func() ([]File, error) {
			f, err := execute(v, templates, name)
			if f == nil {
				return nil, err
			}
			return []File{*f}, err
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	made, errs := make([][]File, len(jobs)), make([]error, len(jobs))
	var wait sync.WaitGroup
	var begun atomic.Int64
	for range min(len(jobs), runtime.GOMAXPROCS(0)) { // each needs a large stack, and keeps it
		wait.Go(func() {
			for i := begun.Add(1) - 1; i < int64(len(jobs)); i = begun.Add(1) - 1 {
				made[i], errs[i] = jobs[i]()
			}
		})
	}
	wait.Wait()
	if err := together(errs); err != nil {
		return nil, err
	}
	return slices.Concat(made...), nil
}

// Seed is the file that a service starts with if the user has none: an
// interface with one method.
func Seed(name string, templates fs.FS) ([]byte, error) {
	text, err := fs.ReadFile(templates, seedPath)
	if err != nil {
		return nil, err
	}
	t, err := template.New(seedPath).Parse(string(text))
	if err != nil {
		return nil, err
	}
	f := File{Path: name + ".go"}
	err = f.fill(t, map[string]string{"Name": name, "Package": name}, nil)
	return f.Text, err
}

const seedPath = "NAME.go.tmpl"

// contract is the .proto and the Go code of it.
func contract(svc *spec.Service, old []byte) ([]File, error) {
	proto, err := protogen.Proto(svc, old)
	if err != nil {
		return nil, err
	}
	pb, grpc, err := protogen.Code(svc, proto, svc.Module+"/"+path.Dir(ProtoPath(svc)))
	if err != nil {
		return nil, fmt.Errorf("generate Go code of %s: %w", ProtoPath(svc), err)
	}
	base := strings.TrimSuffix(ProtoPath(svc), ".proto")
	return []File{
		{Path: base + ".proto", Kind: Locked, Text: proto},
		{Path: base + ".pb.go", Kind: Generated, Text: pb},
		{Path: base + "_grpc.pb.go", Kind: Generated, Text: grpc},
	}, nil
}

// ProtoPath is where the contract of svc is, relative to its directory.
func ProtoPath(svc *spec.Service) string { return "api/" + protogen.ProtoPath(svc) }

// execute makes the file of one template; nil if the service has none.
func execute(v *view, templates fs.FS, name string) (*File, error) {
	text, err := fs.ReadFile(templates, name)
	if err != nil {
		return nil, err
	}
	kind, wants, err := declared(name, text)
	if err != nil || kind == Interface || !v.wanted(wants) {
		return nil, err
	}
	t, err := template.New(name).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	out := strings.ReplaceAll(strings.TrimSuffix(name, ".tmpl"), "NAME", v.Name)
	f := &File{Path: out, Kind: kind}
	if kind != Seeded || !slices.Contains(v.in.Taken, out) {
		if err := f.fill(t, v, v.Imports); err != nil {
			return nil, err
		}
	}
	if method := t.Lookup("method"); method != nil {
		for _, m := range v.Methods {
			var b bytes.Buffer
			if err := method.Execute(&b, m); err != nil {
				return nil, err
			}
			part, err := ParsePart(m.Name, b.Bytes(), v.Imports)
			if err != nil {
				return nil, unparsable(t, err, b.Bytes())
			}
			f.Parts = append(f.Parts, *part)
		}
	}
	return f, nil
}

// declared reads the first line of a template: its kind and, perhaps, what the
// service must have for such a file: a transport, errors, or a module of its own.
func declared(name string, text []byte) (kind Kind, wants string, err error) {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	words := strings.Fields(strings.NewReplacer("{{/*", "", "*/ -}}", "").Replace(string(line)))
	if len(words) == 0 || !slices.Contains([]Kind{Interface, Generated, Seeded}, Kind(words[0])) {
		return "", "", fmt.Errorf("template %s: its first line is %q; make it {{/* generated */ -}} or {{/* seeded */ -}}", name, line)
	}
	if len(words) > 1 {
		wants = words[1]
	}
	return Kind(words[0]), wants, nil
}

// fill makes the text of f, in which the packages of imports that it names are
// imported.
func (f *File) fill(t *template.Template, data any, imports []spec.Import) error {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return err
	}
	if path.Ext(f.Path) != ".go" {
		f.Text = b.Bytes()
		return nil
	}
	text, file, err := gofmt(b.Bytes())
	if err != nil {
		return unparsable(t, err, b.Bytes())
	}
	f.Declares = slices.Sorted(maps.Keys(Names(file)))
	f.Text, err = withImports(text, file, imports)
	return err
}

// errNoMethods is a service that kitgen cannot give a use.
var errNoMethods = errors.New("has no methods; add one such as Greet(ctx context.Context, name string) (greeting string, err error)")
