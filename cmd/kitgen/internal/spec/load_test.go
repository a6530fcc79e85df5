package spec

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// inMemory is a package of one file.
func inMemory(name, text string) fstest.MapFS {
	return fstest.MapFS{name: &fstest.MapFile{Data: []byte(text)}}
}

func loadFile(t testing.TB, file string) *Service {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := LoadFS(inMemory(filepath.Base(file), string(text)), Options{Module: "example.com/it"})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

// TestLoad compares what is read from testdata/*.go with testdata/*.golden.
func TestLoad(t *testing.T) {
	for _, file := range must(filepath.Glob("testdata/*.go"))(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			got := dump(loadFile(t, file))
			golden := strings.TrimSuffix(file, ".go") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(must(os.ReadFile(golden))(t)), got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// A service survives being printed as JSON.
func TestJSON(t *testing.T) {
	want := loadFile(t, "testdata/kinds.go")
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got := new(Service)
	if err := json.Unmarshal(text, got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestSourceOrder guards against go/types' order, which is by name.
func TestSourceOrder(t *testing.T) {
	var got []string
	for _, m := range loadFile(t, "testdata/kinds.go").Methods {
		got = append(got, m.Name)
	}
	want := []string{
		"Numbers", "Text", "Times", "Optional", "Enums", "Texts", "Raws", "Anything", "Single", "Hygiene",
		"Lists", "Maps", "Arrays", "Grids", "ListsOfMaps", "MapsOfLists", "Sets", "Gaps", "Named",
		"Awkward", "Structs", "Embedded", "Anonymous", "Generics", "Foreign", "Recursive", "Same",
		"Nothing",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestLoadDirectives(t *testing.T) {
	svc, err := LoadFS(inMemory("a.go", `package a
import "context"
type Service interface {
	// Get gets.
	//
	//kit:idempotent
	//kit:timeout 1m30s
	Get(ctx context.Context) error
	Ping(ctx context.Context) //kit:noerror
}`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	get, ping := svc.Methods[0], svc.Methods[1]
	if !get.Idempotent || get.Timeout != 90*time.Second || get.NoError {
		t.Errorf("Get = %+v", get)
	}
	if !ping.NoError || ping.Idempotent || ping.Timeout != 0 {
		t.Errorf("Ping = %+v", ping)
	}
	if diff := cmp.Diff([]string{"Get gets."}, get.Doc); diff != "" {
		t.Errorf("doc -want +got\n%s", diff)
	}
}

func TestChoose(t *testing.T) {
	const (
		head  = "package greeter\nimport \"context\"\n"
		iface = "type %s interface{ M(ctx context.Context) error }\n"
	)
	declare := func(names ...string) string {
		var text strings.Builder
		text.WriteString(head)
		for _, n := range names {
			fmt.Fprintf(&text, iface, n)
		}
		return text.String()
	}
	for _, tt := range []struct {
		name, text string
		opt        Options
		want       string
	}{
		{"the only one", declare("Greetings"), Options{}, "Greetings"},
		{"exported beats not", declare("store", "Greetings"), Options{}, "Greetings"},
		{"Service of several", declare("Store", "Service"), Options{}, "Service"},
		{"named like the package", declare("Store", "Greeter"), Options{}, "Greeter"},
		{"Service first", declare("Greeter", "Service"), Options{}, "Service"},
		{"named like the service", declare("Store", "AddSvc"), Options{Name: "addsvc"}, "AddSvc"},
		{"asked for", declare("Store", "Service"), Options{Interface: "Store"}, "Store"},
		{"asked for, not exported", declare("store", "Service"), Options{Interface: "store"}, "store"},
		{"not a constraint", declare("Greetings") + "type Number interface{ ~int }\ntype Set[T any] interface{ M() }\n", Options{}, "Greetings"},
		{"by another name", declare("greetings") + "type Service greetings\n", Options{}, "Service"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			svc, err := LoadFS(inMemory("a.go", tt.text), tt.opt)
			if err != nil {
				t.Fatal(err)
			}
			if svc.Interface != tt.want || len(svc.Methods) != 1 {
				t.Errorf("took %s with %d methods, want %s", svc.Interface, len(svc.Methods), tt.want)
			}
		})
	}
}

func TestChooseRefusesWhatIsAskedFor(t *testing.T) {
	const text = "package a\ntype Service interface{}\ntype Thing struct{}\n"
	for name, want := range map[string]string{
		"Other": "a.go:1:9: KG018: package a has no interface Other: choose one of: Service",
		"Thing": "a.go:3:6: KG018: Thing is no interface of this package: choose an interface that is declared in this package",
	} {
		_, err := LoadFS(inMemory("a.go", text), Options{Interface: name})
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// What is not declared for the interface cannot disturb it.
func TestLoadIgnoresTheRest(t *testing.T) {
	fsys := inMemory("svc.go", `package svc
import (
	"context"
	. "example.com/dots"
	_ "example.com/blank"
	gen "example.com/svc/api/missing"
	"example.com/go-thing"
)
type Service interface{ Get(ctx context.Context, p Point) (float64, error) }
type Point struct { X, Y float64; hidden gen.Gone }
type server struct{ gen.UnimplementedServer; Endpoints; x [size]Dot; t thing.T[int] }
const size = undefined + gen.N
var broken int = "text"
func (server) Get() { return 1, 2; undefined() }
const mark = `+"`\n// Code generated by this. DO NOT EDIT.\n`"+`
`)
	fsys["svc_gen.go"] = &fstest.MapFile{Data: []byte("this is not Go")}
	fsys["svc_test.go"] = &fstest.MapFile{Data: []byte("nor is this")}
	fsys["_draft.go"] = &fstest.MapFile{Data: []byte("or this")}
	fsys["notes.txt"] = &fstest.MapFile{Data: []byte("of course")}
	fsys["x.pb.go"] = &fstest.MapFile{Data: []byte("// Code generated by x. DO NOT EDIT.\r\n\r\npackage other\r\n")}
	fsys["main.go"] = &fstest.MapFile{Data: []byte("//go:build ignore\n\npackage main\n")}
	svc, err := LoadFS(fsys, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(svc.Methods) != 1 || len(svc.Structs) != 1 || len(svc.Structs[0].Fields) != 2 {
		t.Errorf("read %+v", svc)
	}
}

func TestLoadCRLF(t *testing.T) {
	text, err := os.ReadFile("testdata/addsvc.go")
	if err != nil {
		t.Fatal(err)
	}
	crlf := strings.ReplaceAll(string(text), "\n", "\r\n")
	got, err := LoadFS(inMemory("addsvc.go", crlf), Options{Module: "example.com/it"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(loadFile(t, "testdata/addsvc.go"), got); diff != "" {
		t.Errorf("-lf +crlf\n%s", diff)
	}
}

func TestLoadDir(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "none"), Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
	file := filepath.Join(dir, "a.go")
	if err := os.WriteFile(file, []byte("package a\n\nimport \"context\"\n\ntype Service interface{ Do(context.Context) error }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(file, Options{}); err == nil || !strings.Contains(err.Error(), "name the directory") {
		t.Errorf("a file: %v", err)
	}
	svc, err := Load(dir, Options{Name: "doer", Module: "example.com/doer"})
	if err != nil {
		t.Fatal(err)
	}
	if svc.Name != "doer" || svc.Package != "a" || svc.PB != "Doer" || svc.File != "a.go" {
		t.Errorf("read %+v", svc)
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, name := range []string{"addsvc", "profilesvc", "kinds"} {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			text, err := os.ReadFile("testdata/" + name + ".go")
			if err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name+".go"), text, 0o600); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Load(dir, Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func ExampleLoadFS() {
	fsys := inMemory("greeter.go", `package greeter

import "context"

// Service greets.
type Service interface {
	Greet(ctx context.Context, name string) (greeting string, err error)
}
`)
	svc, err := LoadFS(fsys, Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range svc.Methods {
		fmt.Println(svc.PB, m.Name, m.Params[0].Name, m.Params[0].Type.Go, "→", m.Results[0].JSON)
	}
	// Output: Greeter Greet name string → greeting
}

func ExampleProblems() {
	fsys := inMemory("greeter.go", `package greeter

type Service interface {
	Greet(name string, done chan bool) (greeting string)
}
`)
	_, err := LoadFS(fsys, Options{})
	fmt.Println(err)
	// Output:
	// greeter.go:4:2: KG021: Greet takes no context, so a call could be neither cancelled nor given a deadline: write Greet(ctx context.Context, name string, done chan bool) (greeting string, err error)
	// greeter.go:4:2: KG022: Greet has no error result, and a remote call can fail: write Greet(ctx context.Context, name string, done chan bool) (greeting string, err error), or mark it //kit:noerror: a failed call then returns zero values
	// greeter.go:4:26: KG030: parameter done of Greet is chan bool: a channel says neither why it ended nor that nobody reads on: write iter.Seq2[bool, error] as the result, or iter.Seq[bool] as the last parameter
}
