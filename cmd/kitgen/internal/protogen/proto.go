package protogen

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// field is one line of a message.
type field struct {
	doc    []string
	typ    string // with its label
	name   string
	number int32
}

// field is the one of that name.
func (m message) field(name string) (field, bool) {
	i := slices.IndexFunc(m.fields, func(f field) bool { return f.name == name })
	if i < 0 {
		return field{}, false
	}
	return m.fields[i], true
}

// message is a message as it will be printed.
type message struct {
	doc      []string
	name     string
	fields   []field
	reserved reserved
}

// Proto prints the .proto of svc. old is the committed one, or nil the first
// time: fields keep the numbers they have there, whatever moved around them;
// numbers and names of removed fields are reserved, and messages that nothing
// needs any more stay as they are. What old peers would misread is refused, as
// spec.Problems at the Go position, and so is what looks like a new name for
// something they know.
func Proto(svc *spec.Service, old []byte) ([]byte, error) {
	l, err := parseLock(svc, old)
	if err != nil {
		return nil, err
	}
	var messages []message
	var enums []enum
	for _, e := range svc.Enums {
		enums = append(enums, l.carryEnum(e))
		l.enums[e.PB] = true
	}
	for _, m := range svc.Methods {
		if !m.In.Whole {
			messages = append(messages, l.carry(m.In.PB, nil, m.Params))
		}
		if !m.Out.Whole {
			messages = append(messages, l.carry(m.Out.PB, nil, m.Results))
		}
	}
	for _, s := range svc.Structs {
		messages = append(messages, l.carry(s.PB, s.Doc, s.Fields))
	}
	for _, w := range svc.Wrappers {
		messages = append(messages, l.carry(w.PB, nil, []spec.Field{w.Field}))
	}
	l.compareKinds(svc)
	l.compareCalls(svc.Methods, messages)
	messages = append(messages, l.retired(messages)...)
	enums = append(enums, l.retiredEnums(enums)...)
	if err := l.problems.Err(); err != nil {
		return nil, err
	}
	var w bytes.Buffer
	printHeader(&w, svc, imports(messages))
	printService(&w, svc)
	for _, m := range messages {
		printMessage(&w, m)
	}
	for _, e := range enums {
		printEnum(&w, e)
	}
	return w.Bytes(), nil
}

// ProtoPath is the path of the .proto below the directory api, and the name
// under which its descriptor is registered.
func ProtoPath(svc *spec.Service) string {
	return svc.Name + "/v1/" + svc.Name + ".proto"
}

// GoPackage is the name of the Go package generated from the .proto.
func GoPackage(svc *spec.Service) string { return svc.Name + "v1" }

func goImportPath(svc *spec.Service) string {
	return strings.TrimPrefix(svc.Module+"/api/"+svc.Name+"/v1", "/")
}

// imports are the well-known files that the messages need.
func imports(messages []message) []string {
	var list []string
	for path, name := range map[string]string{
		"google/protobuf/duration.proto":  scalars[spec.Duration].proto,
		"google/protobuf/struct.proto":    scalars[spec.Any].proto,
		"google/protobuf/timestamp.proto": scalars[spec.Time].proto,
	} {
		uses := func(f field) bool { return strings.Contains(f.typ, name) }
		if slices.ContainsFunc(messages, func(m message) bool { return slices.ContainsFunc(m.fields, uses) }) {
			list = append(list, path)
		}
	}
	slices.Sort(list)
	return list
}

func printHeader(w *bytes.Buffer, svc *spec.Service, imports []string) {
	fmt.Fprintf(w, "// Made by kitgen from interface %s in %s. Commit it: it is the contract with\n", svc.Interface, svc.File)
	fmt.Fprintf(w, "// callers, and the next run takes the field numbers from here.\n\n")
	fmt.Fprintf(w, "syntax = \"proto3\";\n\npackage %s;\n\n", svc.ProtoPackage)
	for _, path := range imports {
		fmt.Fprintf(w, "import %q;\n", path)
	}
	if len(imports) > 0 {
		w.WriteByte('\n')
	}
	fmt.Fprintf(w, "option go_package = \"%s;%s\";\n", goImportPath(svc), GoPackage(svc))
}

func printService(w *bytes.Buffer, svc *spec.Service) {
	w.WriteByte('\n')
	printDoc(w, "", svc.Doc)
	fmt.Fprintf(w, "service %s {\n", svc.PB)
	for i, m := range svc.Methods {
		if i > 0 && len(m.Doc) > 0 {
			w.WriteByte('\n')
		}
		printDoc(w, "  ", m.Doc)
		c := callOf(m)
		fmt.Fprintf(w, "  rpc %s(%s) returns (%s)", c.name, c.in, c.out)
		if m.Idempotent {
			w.WriteString(" {\n    option idempotency_level = IDEMPOTENT;\n  }\n")
			continue
		}
		w.WriteString(";\n")
	}
	w.WriteString("}\n")
}

func printMessage(w *bytes.Buffer, m message) {
	w.WriteByte('\n')
	printDoc(w, "", m.doc)
	if len(m.fields) == 0 && m.reserved.empty() {
		fmt.Fprintf(w, "message %s {}\n", m.name)
		return
	}
	fmt.Fprintf(w, "message %s {\n", m.name)
	m.reserved.print(w)
	for _, f := range m.fields {
		printDoc(w, "  ", f.doc)
		fmt.Fprintf(w, "  %s %s = %d;\n", f.typ, f.name, f.number)
	}
	w.WriteString("}\n")
}

func printDoc(w *bytes.Buffer, indent string, lines []string) {
	for _, line := range lines {
		w.WriteString(strings.TrimRight(indent+"// "+line, " \t"))
		w.WriteByte('\n')
	}
}
