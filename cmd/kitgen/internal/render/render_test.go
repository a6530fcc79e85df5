package render

import (
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/templates"
)

var update = flag.Bool("update", false, "write the golden files anew")

func tree(t testing.TB) fs.FS {
	t.Helper()
	sub, err := fs.Sub(templates.Service, "service")
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// load reads a service from Go source.
func load(t testing.TB, name, source string) *spec.Service {
	t.Helper()
	svc, err := spec.LoadFS(fstest.MapFS{name + ".go": {Data: []byte(source)}}, spec.Options{Name: name, Module: name})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

func addsvc(t testing.TB) Input {
	t.Helper()
	source, err := os.ReadFile("../spec/testdata/addsvc.go")
	if err != nil {
		t.Fatal(err)
	}
	return Input{
		Service:    load(t, "addsvc", string(source)),
		Source:     source,
		Version:    "0.1.0",
		Transports: []string{"http", "grpc"},
		Registry:   "etcd",
	}
}

// TestGolden shows in review what a change of a template does to a service.
// The protobuf code is left out: it is protogen's.
func TestGolden(t *testing.T) {
	files, err := Render(addsvc(t), tree(t))
	if err != nil {
		t.Fatal(err)
	}
	got := &txtar.Archive{Comment: []byte("All of addsvc but its protobuf code. To write it anew: go test -run Golden -update\n")}
	for _, f := range files {
		if !strings.HasSuffix(f.Path, ".pb.go") {
			got.Files = append(got.Files, txtar.File{Name: f.Path, Data: f.Text})
		}
	}
	const golden = "testdata/addsvc.txtar"
	if *update {
		if err := os.WriteFile(golden, txtar.Format(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(txtar.Format(got))); diff != "" {
		t.Errorf("(-want +got) if this is meant, go test -run Golden -update\n%s", diff)
	}
}

func TestDeterministic(t *testing.T) {
	first, err := Render(addsvc(t), tree(t))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Render(addsvc(t), tree(t))
	if diff := cmp.Diff(first, second); err != nil || diff != "" {
		t.Errorf("%v (-first +second)\n%s", err, diff)
	}
}

func TestParts(t *testing.T) {
	in := addsvc(t)
	in.Service = load(t, "addsvc", `package addsvc

import ("context"; "time")

type Service interface {
	Wait(ctx context.Context, s string, err time.Time, ctx2 ...int) (time.Duration, error)
	Ping(ctx context.Context) error
	//kit:noerror
	Tick(ctx context.Context) (n int)
	//kit:noerror
	Tock(ctx context.Context)
}
`)
	files, err := Render(in, tree(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		if f.Path == "service.go" {
			for _, p := range f.Parts {
				got = append(got, p.Method+" "+strings.Join(p.Imports, ",")+"\n"+p.Gofmt())
			}
		}
	}
	want := []string{
		"Wait context,time\n// Wait is still to be written.\nfunc (svc *service) Wait(ctx context.Context, s string, err2 time.Time, ctx2 ...int) (result time.Duration, err error) {\n\treturn result, ErrUnimplemented\n}",
		"Ping context\n// Ping is still to be written.\nfunc (svc *service) Ping(ctx context.Context) error {\n\treturn ErrUnimplemented\n}",
		"Tick context\n// Tick is still to be written.\nfunc (svc *service) Tick(ctx context.Context) (n int) {\n\treturn n\n}",
		"Tock context\n// Tock is still to be written.\nfunc (svc *service) Tock(ctx context.Context) {\n}",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestSeed(t *testing.T) {
	text, err := Seed("greeter", tree(t))
	if err != nil {
		t.Fatal(err)
	}
	svc := load(t, "greeter", string(text))
	if len(svc.Methods) != 1 || svc.Methods[0].Name != "Greet" || !svc.Methods[0].Idempotent {
		t.Errorf("the seed is %+v", svc.Methods)
	}
	if _, err := Seed("greeter", fstest.MapFS{}); err == nil {
		t.Error("without its template: no error")
	}
}

func TestBadTemplates(t *testing.T) {
	tests := []struct{ text, want string }{
		{"package x\n", `its first line is "package x"; make it {{/* generated */ -}}`},
		{"{{/* mine */ -}}\n", `make it {{/* generated */ -}}`},
		{"{{/* generated */ -}}\n{{", "unclosed action"},
		{"{{/* generated */ -}}\n{{.Nothing}}", "Nothing"},
		{"{{/* generated */ -}}\npackage x\n\nfunc {{.Name}}(\n", "   3  func addsvc(\n"},
		{"{{/* generated */ -}}\npackage x\n{{define \"method\"}}func {{end}}", "does not parse"},
	}
	for _, tt := range tests {
		_, err := Render(addsvc(t), fstest.MapFS{"x.go.tmpl": {Data: []byte(tt.text)}})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q:\n got %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

func TestRefused(t *testing.T) {
	in := addsvc(t)
	in.Service.Methods = nil
	if _, err := Render(in, tree(t)); err == nil || !strings.Contains(err.Error(), "has no methods; add one such as") {
		t.Errorf("no methods: %v", err)
	}
	in = addsvc(t)
	in.Service.File = "service.go"
	if _, err := Render(in, tree(t)); err == nil || !strings.Contains(err.Error(), "service.go, the file of the interface, has the name of another") {
		t.Errorf("an interface in service.go: %v", err)
	}
	in = addsvc(t)
	in.OldProto = []byte("syntax = ;")
	if _, err := Render(in, tree(t)); err == nil {
		t.Error("a broken lock: no error")
	}
}

func TestGoDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		2 * time.Hour:             "2*time.Hour",
		90 * time.Second:          "90*time.Second",
		1500 * time.Millisecond:   "1500*time.Millisecond",
		3 * time.Microsecond:      "3*time.Microsecond",
		1001 * time.Nanosecond:    "1001*time.Nanosecond",
		time.Minute + time.Hour:   "61*time.Minute",
		time.Second + time.Minute: "61*time.Second",
	} {
		if got := goDuration(d); got != want {
			t.Errorf("goDuration(%v) = %s, want %s", d, got, want)
		}
	}
}

func TestMainNames(t *testing.T) {
	for _, tt := range []struct{ pkg, module, want string }{
		{"addsvc", "example.com/addsvc", `"example.com/addsvc"`},
		{"addsvc", "example.com/adder", `addsvc "example.com/adder"`},
		{"web", "example.com/web", `websvc "example.com/web"`},
	} {
		v := view{Service: &spec.Service{Package: tt.pkg, Module: tt.module}}
		if got := v.ImportService(); got != tt.want {
			t.Errorf("main imports %s as %s, want %s", tt.module, got, tt.want)
		}
	}
}
