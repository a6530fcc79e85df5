package fromproto

import (
	"bytes"
	"fmt"
	"go/format"
	"strings"
	"unicode"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// source prints the Go file.
func (r *reader) source(s protoreflect.ServiceDescriptor, calls []*call) ([]byte, error) {
	var body bytes.Buffer
	r.printInterface(&body, s, calls)
	for _, m := range r.messages {
		if m.nested || m.structs {
			r.printStruct(&body, m)
		}
	}
	for _, e := range r.enums {
		printEnum(&body, e)
	}
	var w bytes.Buffer
	fmt.Fprintf(&w, "package %s\n\nimport (\n\t\"context\"\n", r.in.Package)
	for _, pkg := range []string{"iter", "time"} {
		if bytes.Contains(stripComments(body.Bytes()), []byte(pkg+".")) {
			fmt.Fprintf(&w, "\t%q\n", pkg)
		}
	}
	w.WriteString(")\n")
	w.Write(body.Bytes())
	text, err := format.Source(w.Bytes())
	if err != nil {
		return nil, fmt.Errorf("print the interface of %s: %w\n%s", r.in.File, err, w.Bytes())
	}
	return text, nil
}

// stripComments leaves the code, to look for packages in.
func stripComments(text []byte) []byte {
	var code []byte
	for line := range bytes.Lines(text) {
		if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("//")) {
			code = append(code, line...)
		}
	}
	return code
}

func (r *reader) printInterface(w *bytes.Buffer, s protoreflect.ServiceDescriptor, calls []*call) {
	w.WriteByte('\n')
	var directives []string
	if pkg := string(r.file.Package()); pkg != r.in.Package+".v1" {
		directives = append(directives, "package="+pkg)
	}
	if name := string(s.Name()); name != spec.MessageName(r.in.Package) {
		directives = append(directives, "service="+name)
	}
	printDoc(w, s, directive("proto", directives)...)
	fmt.Fprintf(w, "type %s interface {\n", interfaceName)
	for i, c := range calls {
		if i > 0 {
			w.WriteByte('\n')
		}
		c.printDoc(w)
		fmt.Fprintf(w, "%s(ctx context.Context%s) (%serr error)\n", c.name, list(", ", c.in, c.desc.IsStreamingClient(), "iter.Seq[%s]", ""),
			list("", c.out, c.desc.IsStreamingServer(), "iter.Seq2[%s, error]", ", "))
	}
	w.WriteString("}\n")
}

// directives are what the name of a method and its messages do not say.
func (c *call) directives() (lines []string) {
	if c.name != string(c.desc.Name()) {
		lines = append(lines, "//kit:was "+string(c.desc.Name()))
	}
	var messages []string
	if c.in.message != string(c.desc.Name())+"Request" {
		messages = append(messages, "request="+c.in.message)
	}
	if c.out.message != string(c.desc.Name())+"Response" {
		messages = append(messages, "response="+c.out.message)
	}
	lines = append(lines, directive("proto", messages)...)
	if o, ok := c.desc.Options().(*descriptorpb.MethodOptions); ok && o.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN && !c.desc.IsStreamingClient() {
		lines = append(lines, "//kit:idempotent")
	}
	if c.desc.IsStreamingClient() && c.desc.IsStreamingServer() {
		lines = append(lines, "//kit:skip http")
	}
	if c.route != "" {
		lines = append(lines, "//kit:http "+c.route)
	}
	return lines
}

func directive(name string, args []string) []string {
	if len(args) == 0 {
		return nil
	}
	return []string{"//kit:" + name + " " + strings.Join(args, " ")}
}

// list is one side of a signature, with before in front of each value and
// after behind it. A stream's only value is a sequence.
func list(before string, s side, streams bool, seq, after string) string {
	var b strings.Builder
	for i, v := range s.values {
		typ := " " + v.golang
		switch {
		case streams:
			typ = " " + fmt.Sprintf(seq, v.golang)
		case i+1 < len(s.values) && s.values[i+1].golang == v.golang:
			typ = "" // the next one says it
		}
		b.WriteString(before + v.name + typ + after)
	}
	return b.String()
}

// printDoc prints the comment of an rpc, and those of the fields that
// became parameters and results.
func (c *call) printDoc(w *bytes.Buffer) {
	lines := docLines(c.desc)
	var fields []string
	for _, s := range []side{c.in, c.out} {
		for i, v := range s.values {
			if s.whole {
				continue
			}
			if doc := docLines(s.desc.Fields().Get(i)); len(doc) > 0 {
				fields = append(fields, "  - "+v.name+": "+strings.TrimSpace(strings.Join(doc, " ")))
			}
		}
	}
	if len(lines) > 0 && len(fields) > 0 {
		lines = append(lines, "")
	}
	printLines(w, append(lines, fields...), c.directives())
}

func (r *reader) printStruct(w *bytes.Buffer, m *message) {
	w.WriteByte('\n')
	var directives []string
	if m.golang != m.proto {
		directives = append(directives, m.proto)
	}
	printDoc(w, m.desc, directive("message", directives)...)
	fmt.Fprintf(w, "type %s struct {\n", m.golang)
	for i := range m.desc.Fields().Len() {
		f := m.desc.Fields().Get(i)
		var more []string
		if o := f.ContainingOneof(); o != nil && !o.IsSynthetic() {
			more = append(more, "// At most one field of "+string(o.Name())+" is set: "+members(o)+".")
		}
		if isAny(f) {
			more = append(more, "//kit:any")
		}
		printDoc(w, f, more...)
		fmt.Fprintf(w, "%s %s `json:%q`\n", spec.FieldName(string(f.Name())), r.goType(f), spec.ParamName(string(f.Name())))
	}
	w.WriteString("}\n")
}

// members are the fields of a oneof, as Go calls them.
func members(o protoreflect.OneofDescriptor) string {
	var names []string
	for i := range o.Fields().Len() {
		names = append(names, spec.FieldName(string(o.Fields().Get(i).Name())))
	}
	return strings.Join(names, ", ")
}

func printEnum(w *bytes.Buffer, e *enum) {
	w.WriteByte('\n')
	printDoc(w, e.desc, "//kit:enum")
	fmt.Fprintf(w, "type %s int32\n\nconst (\n", e.golang)
	for i, name := range e.values {
		if name == "" {
			continue
		}
		v := e.desc.Values().Get(i)
		printDoc(w, v)
		fmt.Fprintf(w, "%s %s = %d\n", name, e.golang, v.Number())
	}
	w.WriteString(")\n")
}

// printDoc prints the comment of d and lines that follow it.
func printDoc(w *bytes.Buffer, d protoreflect.Descriptor, more ...string) {
	printLines(w, docLines(d), more)
}

// printLines prints a comment. Directives stand in a paragraph of their own, as
// gofmt has them.
func printLines(w *bytes.Buffer, lines, more []string) {
	for _, line := range lines {
		w.WriteString(strings.TrimRight("// "+line, " ") + "\n")
	}
	if len(lines) > 0 && len(more) > 0 {
		w.WriteString("//\n")
	}
	for _, line := range more {
		w.WriteString(line + "\n")
	}
}

// docLines are the comment of d.
func docLines(d protoreflect.Descriptor) []string {
	loc := d.ParentFile().SourceLocations().ByDescriptor(d)
	lines := commentLines(loc.LeadingComments)
	if len(lines) == 0 {
		lines = commentLines(loc.TrailingComments)
	}
	if o, ok := d.Options().(interface{ GetDeprecated() bool }); ok && o.GetDeprecated() && !strings.Contains(strings.Join(lines, "\n"), "Deprecated: ") {
		if len(lines) > 0 {
			lines = append(lines, "")
		}
		lines = append(lines, "Deprecated: marked as such in the .proto that this was made from.")
	}
	return lines
}

// commentLines are the lines of a comment, without what Go's comments cannot
// have and without the looks of a directive.
func commentLines(text string) []string {
	text = strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) && r != '\t' || r == '\ufeff' || r == unicode.ReplacementChar) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	text = strings.Trim(text, "\n ")
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.TrimPrefix(strings.TrimRight(line, " \t"), " ")
		if strings.HasPrefix(strings.TrimSpace(line), "kit:") {
			line = "(" + strings.TrimSpace(line) + ")"
		}
		lines[i] = line
	}
	return lines
}
