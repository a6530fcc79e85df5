package protogen

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// meaning is what a number stands for.
type meaning struct{ name, typ string }

// TestNumbersNeverMove makes 200 random edits to an interface, one after the
// other. Whatever they are, no number of a message changes its meaning, and
// none that was given up is given out again.
func TestNumbersNeverMove(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	given := make(map[string]map[int32]meaning) // by message
	var text []byte
	refused := 0
	for range 200 {
		svc := randomService(t, r)
		next, err := Proto(svc, text)
		if err != nil {
			if !strings.Contains(err.Error(), "KG060") {
				t.Fatal(err)
			}
			refused++
			continue
		}
		text = next
		fd, err := parse("svc.proto", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, d := range fd.GetMessageType() {
			m := locked(d, fd.GetPackage())
			if given[m.name] == nil {
				given[m.name] = make(map[int32]meaning)
			}
			for _, f := range m.fields {
				is := meaning{f.name, strings.TrimPrefix(f.typ, "optional ")}
				if was, ok := given[m.name][f.number]; ok && was != is {
					t.Fatalf("number %d of %s was %v, is %v\n%s", f.number, m.name, was, is, text)
				}
				given[m.name][f.number] = is
			}
		}
	}
	if refused == 0 || refused == 200 {
		t.Errorf("%d of 200 edits were refused; the test means little", refused)
	}
}

// randomService picks methods, their parameters and the fields of a struct
// from so few names that most were there before, with another type at times.
func randomService(t *testing.T, r *rand.Rand) *spec.Service {
	t.Helper()
	types := []string{"int", "int", "int", "int", "*int", "string"}
	fields := func() (list []string) {
		for _, name := range []string{"a", "b", "c", "d"} {
			if r.IntN(2) == 0 {
				// One name has changing types; too many, and every edit is refused.
				typ := "int"
				if name == "d" {
					typ = types[r.IntN(len(types))]
				}
				list = append(list, name+" "+typ)
			}
		}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list
	}
	var text strings.Builder
	text.WriteString("package svc\nimport \"context\"\ntype Service interface {\n\tPing(ctx context.Context, p P) error\n")
	for _, name := range []string{"Get", "Put", "Del"} {
		if r.IntN(3) > 0 {
			fmt.Fprintf(&text, "\t%s(%s) error\n", name, strings.Join(append([]string{"ctx context.Context"}, fields()...), ", "))
		}
	}
	text.WriteString("}\ntype P struct {\n\tOne int\n")
	for _, f := range fields() {
		text.WriteString("\t" + strings.ToUpper(f[:1]) + f[1:] + "\n")
	}
	svc, err := spec.LoadFS(fstest.MapFS{"svc.go": &fstest.MapFile{Data: []byte(text.String() + "}\n")}}, spec.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	return svc
}

// FuzzLock: whatever the committed file has become, there is no panic, and
// what is printed from it is stable.
func FuzzLock(f *testing.F) {
	for _, name := range inputs {
		f.Add(string(mustProto(f, load(f, name), nil)))
	}
	head := "syntax = \"proto3\";\npackage profilesvc.v1;\n"
	for _, body := range []string{
		"", "message Profile { reserved 1 to max; }", "message Profile { reserved 3, 1; reserved \"id\"; string x = 7; }",
		"message Profile { map<string, Profile> id = 1; }", "message Profile { oneof x { string id = 1; } }",
		"message Profile { message Address {} Address id = 9; enum E { A = 0; } E name = 536870911; }",
		"enum Profile { X = 0; }", "service Profile {}", "message Address { string id = 0; }", "}{", "message A { string a = 1 }",
	} {
		f.Add(head + body)
	}
	svc := load(f, "profilesvc")
	f.Fuzz(func(t *testing.T, old string) {
		text, err := Proto(svc, []byte(old))
		if err != nil {
			return
		}
		again, err := Proto(svc, text)
		if err != nil {
			t.Fatalf("refuses its own output: %v\n%s", err, text)
		}
		if string(again) != string(text) {
			t.Errorf("first\n%s\nthen\n%s", text, again)
		}
	})
}
