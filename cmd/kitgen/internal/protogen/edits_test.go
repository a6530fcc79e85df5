package protogen

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// TestEdits makes 200 random edits to an interface, one after the other. After
// each that is not refused, no number of a message has another meaning than it
// ever had, and peers of any two versions understand each other: what one of
// them sends is what the other reads, field by field.
func TestEdits(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			h := &versions{meaning: make(map[string]string)}
			is := newSketch()
			var text []byte
			refused := 0
			for range 200 {
				next := is.clone()
				edit := next.edit(r)
				svc := loadText(t, next.source())
				printed, err := Proto(svc, text)
				if err != nil {
					if !strings.Contains(err.Error(), "KG06") {
						t.Fatalf("after %s: %v\n%s", edit, err, next.source())
					}
					refused++ // and the user takes it back
					continue
				}
				is, text = next, printed
				is.settled()
				fd := descriptor(t, text)
				h.meanings(t, edit, fd)
				h.talk(t, r, edit, fd)
				h.all = append(h.all, fd)
			}
			t.Logf("%d of 200 edits were refused, %d messages and %d numbers in the end", refused, h.all[len(h.all)-1].Messages().Len(), len(h.meaning))
			if refused < 5 || refused > 120 {
				t.Errorf("%d of 200 edits were refused; the test means little", refused)
			}
		})
	}
}

// versions are those that peers may have been built from.
type versions struct {
	all     []protoreflect.FileDescriptor
	meaning map[string]string // by message and number: name and kind of value
}

// descriptor links a .proto.
func descriptor(t *testing.T, text []byte) protoreflect.FileDescriptor {
	t.Helper()
	fd, err := compile("svc/v1/svc.proto", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	linked, err := protodesc.NewFile(fd, nil)
	if err != nil {
		t.Fatal(err)
	}
	return linked
}

// meanings notes what each number stands for, for ever.
func (h *versions) meanings(t *testing.T, edit string, fd protoreflect.FileDescriptor) {
	t.Helper()
	for i := range fd.Messages().Len() {
		m := fd.Messages().Get(i)
		for j := range m.Fields().Len() {
			f := m.Fields().Get(j)
			kind := strings.TrimSuffix(strings.TrimSuffix(f.Kind().String(), "64"), "32")
			if f.Message() != nil {
				kind = string(f.Message().Name())
			}
			is, key := fmt.Sprintf("%s %s list=%t", f.Name(), kind, f.IsList()), fmt.Sprintf("%s %d", m.Name(), f.Number())
			if was, ok := h.meaning[key]; ok && was != is {
				t.Fatalf("after %s: %s was %s, is %s", edit, key, was, is)
			}
			h.meaning[key] = is
		}
	}
}

// talk has peers of this version and of two earlier ones, the last among them,
// call each other.
func (h *versions) talk(t *testing.T, r *rand.Rand, edit string, now protoreflect.FileDescriptor) {
	t.Helper()
	for n := range min(2, len(h.all)) {
		was := h.all[len(h.all)-1]
		if n > 0 {
			was = h.all[r.IntN(len(h.all))]
		}
		methods := was.Services().Get(0).Methods()
		for i := range methods.Len() {
			a := methods.Get(i)
			b := now.Services().Get(0).Methods().ByName(a.Name())
			if b == nil {
				continue // removed, and its callers are told
			}
			for _, pair := range [][2]protoreflect.MessageDescriptor{{a.Input(), b.Input()}, {a.Output(), b.Output()}} {
				send(t, r, edit, pair[0], pair[1])
				send(t, r, edit, pair[1], pair[0])
			}
		}
	}
}

// send encodes a random message by one descriptor and decodes it by another.
func send(t *testing.T, r *rand.Rand, edit string, from, to protoreflect.MessageDescriptor) {
	t.Helper()
	sent, got := dynamicpb.NewMessage(from), dynamicpb.NewMessage(to)
	fillMessage(r, sent, 3)
	wire, err := proto.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(wire, got); err != nil {
		t.Fatalf("after %s: %s does not read: %v", edit, to.Name(), err)
	}
	same(t, edit, sent, got)
}

// same compares the fields that both know.
func same(t *testing.T, edit string, sent, got protoreflect.Message) {
	t.Helper()
	fields := got.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		was := sent.Descriptor().Fields().ByNumber(f.Number())
		switch {
		case was == nil && got.Has(f):
			t.Fatalf("after %s: %s has a value that nobody sent", edit, f.FullName())
		case was == nil:
		case was.Name() != f.Name():
			t.Fatalf("after %s: number %d of %s is %s for one peer and %s for the other", edit, f.Number(), f.Parent().Name(), was.Name(), f.Name())
		case f.Message() != nil && !f.IsList():
			same(t, edit, sent.Get(was).Message(), got.Get(f).Message())
		default:
			if a, b := valueText(was, sent), valueText(f, got); a != b {
				t.Fatalf("after %s: %s was sent as %s and read as %s", edit, f.FullName(), a, b)
			}
		}
	}
}

// valueText is a field's value, or its values.
func valueText(f protoreflect.FieldDescriptor, m protoreflect.Message) string {
	if !f.IsList() {
		return m.Get(f).String()
	}
	var values []string
	for i := range m.Get(f).List().Len() {
		values = append(values, m.Get(f).List().Get(i).String())
	}
	return strings.Join(values, " ")
}

// fillMessage sets most fields to something other than zero that fits 32 bits.
func fillMessage(r *rand.Rand, m protoreflect.Message, depth int) {
	for i := range m.Descriptor().Fields().Len() {
		f := m.Descriptor().Fields().Get(i)
		if r.IntN(4) == 0 || depth == 0 {
			continue
		}
		switch {
		case f.IsList():
			list := m.Mutable(f).List()
			for range 1 + r.IntN(3) {
				list.Append(randomScalar(r, f.Kind()))
			}
		case f.Message() != nil:
			fillMessage(r, m.Mutable(f).Message(), depth-1)
		default:
			m.Set(f, randomScalar(r, f.Kind()))
		}
	}
}

func randomScalar(r *rand.Rand, k protoreflect.Kind) protoreflect.Value {
	n := r.Int32() - 1<<30
	switch k {
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(n)
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(int64(n))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(true)
	}
	return protoreflect.ValueOfString(fmt.Sprint(n))
}

// sketch is an interface that edits are made to.
type sketch struct {
	methods []member
	structs []member
	made    int // names so far, so that new ones are new
}

// member is a method or a struct.
type member struct {
	name, was string
	fields    []param
}

// param is a parameter or a field.
type param struct {
	name, was, typ string
	number         int
}

func newSketch() *sketch {
	return &sketch{
		methods: []member{{name: "Get", fields: []param{{name: "id", typ: "int"}, {name: "p", typ: "Pa"}}}, {name: "Put", fields: []param{{name: "text", typ: "string"}}}},
		structs: []member{{name: "Pa", fields: []param{{name: "one", typ: "int32"}}}, {name: "Pb", fields: []param{{name: "two", typ: "bool"}}}},
	}
}

func (s *sketch) clone() *sketch {
	c := *s
	c.methods, c.structs = slices.Clone(s.methods), slices.Clone(s.structs)
	for _, list := range [][]member{c.methods, c.structs} {
		for i := range list {
			list[i].fields = slices.Clone(list[i].fields)
		}
	}
	return &c
}

// settled forgets numbers that were asked for: the .proto has them now.
func (s *sketch) settled() {
	for _, list := range [][]member{s.methods, s.structs} {
		for i := range list {
			for j := range list[i].fields {
				list[i].fields[j].number = 0
			}
		}
	}
}

func (s *sketch) fresh(stem string) string {
	s.made++
	return fmt.Sprintf("%s%c%c", stem, 'a'+s.made/26%26, 'a'+s.made%26)
}

// types that fields have; Pa and Pb are the structs.
var types = []string{"int", "int32", "int64", "*int32", "string", "*string", "bool", "[]int32", "[]string", "Pa", "*Pb"}

func (s *sketch) edit(r *rand.Rand) string {
	if r.IntN(5) == 0 {
		return s.editMethods(r)
	}
	list := s.methods
	if r.IntN(3) == 0 {
		list = s.structs
	}
	m := &list[r.IntN(len(list))]
	if len(m.fields) == 0 || r.IntN(3) == 0 {
		f := param{name: s.fresh("f"), typ: types[r.IntN(len(types))]}
		if m.name[0] == 'P' && len(m.name) == 2 {
			f.typ = types[r.IntN(len(types)-2)] // no recursion by value
		}
		if r.IntN(4) == 0 {
			f.number = 1 + r.IntN(40)
		}
		m.fields = slices.Insert(m.fields, r.IntN(len(m.fields)+1), f)
		return fmt.Sprintf("add %+v to %s", f, m.name)
	}
	f := &m.fields[r.IntN(len(m.fields))]
	switch r.IntN(5) {
	case 0:
		if len(m.fields) == 1 && list[0].name == "Pa" {
			return "nothing"
		}
		name := f.name
		m.fields = slices.DeleteFunc(m.fields, func(p param) bool { return p.name == name })
		return "remove " + name + " of " + m.name
	case 1:
		wire := f.was
		if wire == "" {
			wire = f.name
		}
		f.was, f.name = wire, s.fresh("g")
		return "rename " + wire + " to " + f.name
	case 2:
		f.name = s.fresh("h") // without a word, which is refused
		return "rename a field of " + m.name
	case 3:
		if f.typ != "Pa" && f.typ != "*Pb" {
			f.typ = types[r.IntN(len(types)-2)]
		}
		return "type of " + f.name + " is " + f.typ
	}
	r.Shuffle(len(m.fields), func(i, j int) { m.fields[i], m.fields[j] = m.fields[j], m.fields[i] })
	return "shuffle " + m.name
}

func (s *sketch) editMethods(r *rand.Rand) string {
	i := r.IntN(len(s.methods))
	m := &s.methods[i]
	switch r.IntN(5) {
	case 0:
		if len(s.methods) > 1 {
			s.methods = slices.Delete(s.methods, i, i+1)
		}
		return "remove a method"
	case 1:
		if m.was == "" {
			m.was = m.name
		}
		m.name = s.fresh("Was")
		return "rename a method to " + m.name
	case 2:
		m.name, m.was = s.fresh("New"), ""
		return "rename a method without a word"
	case 3:
		r.Shuffle(len(s.methods), func(i, j int) { s.methods[i], s.methods[j] = s.methods[j], s.methods[i] })
		return "shuffle methods"
	}
	name := []string{"Get", "Put", "Del", s.fresh("Do")}[r.IntN(4)] // some that were there before
	if !slices.ContainsFunc(s.methods, func(m member) bool { return m.name == name || m.was == name }) {
		s.methods = append(s.methods, member{name: name, fields: []param{{name: "a", typ: types[r.IntN(len(types))]}}})
	}
	return "add method " + name
}

// source is the sketch in Go. Each method returns what it takes, so that both
// ways are tried.
func (s *sketch) source() string {
	var w strings.Builder
	w.WriteString("package svc\n\nimport \"context\"\n\ntype Service interface {\n")
	for _, m := range s.methods {
		if m.was != "" {
			fmt.Fprintf(&w, "\t//kit:was %s\n", m.was)
		}
		params, results := "", ""
		for _, f := range m.fields {
			if f.was != "" {
				fmt.Fprintf(&w, "\t//kit:was %s=%s %sBack=%sBack\n", f.name, f.was, f.name, f.was)
			}
			if f.number != 0 {
				fmt.Fprintf(&w, "\t//kit:proto %s=%d\n", f.name, f.number)
			}
			params += ", " + f.name + " " + f.typ
			results += f.name + "Back " + f.typ + ", "
		}
		fmt.Fprintf(&w, "\t%s(ctx context.Context%s) (%serr error)\n", m.name, params, results)
	}
	w.WriteString("\tKeep(ctx context.Context, a Pa, b Pb) error\n}\n")
	for _, m := range s.structs {
		fmt.Fprintf(&w, "\ntype %s struct {\n\tFixed int\n", m.name)
		for _, f := range m.fields {
			if f.was != "" {
				fmt.Fprintf(&w, "\t//kit:was %s\n", strings.ToUpper(f.was[:1])+f.was[1:])
			}
			if f.number != 0 {
				fmt.Fprintf(&w, "\t//kit:proto %d\n", f.number)
			}
			fmt.Fprintf(&w, "\t%s %s\n", strings.ToUpper(f.name[:1])+f.name[1:], f.typ)
		}
		w.WriteString("}\n")
	}
	return w.String()
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
