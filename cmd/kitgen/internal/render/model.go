package render

import (
	"embed"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// Model is the version of what templates see. It changes when something goes
// from it or means something else, not when something is added: a template
// that names another version is refused.
const Model = 1

// sources is this package, whose comments are the documentation of the model.
//
//go:embed *.go
var sources embed.FS

// ModelDoc lists all that a template can use, with what its comments say.
func ModelDoc() string {
	m := model{types: map[string]*ast.TypeSpec{}, methods: map[string][]*ast.FuncDecl{}, seen: map[string]bool{}}
	entries, err := sources.ReadDir(".")
	if err != nil {
		panic(err) // they are in this program
	}
	for _, e := range entries {
		text, err := sources.ReadFile(e.Name())
		if err == nil && !strings.HasSuffix(e.Name(), "_test.go") {
			m.read(string(text), "")
		}
	}
	m.read(spec.ModelSource, "spec.")
	fmt.Fprintf(&m.out, "Model %d: what a template of a service sees.\n", Model)
	m.describe("view")
	for len(m.queue) > 0 {
		name := m.queue[0]
		m.queue = m.queue[1:]
		m.describe(name)
	}
	return m.out.String()
}

// model is what has been read, and what is to be written.
type model struct {
	types   map[string]*ast.TypeSpec
	methods map[string][]*ast.FuncDecl // by the name of their receiver's type
	seen    map[string]bool
	queue   []string
	has     map[string]bool // what is written of the type that is being described
	out     strings.Builder
}

// read takes the types and methods of a file, whose package is called by prefix.
func (m *model) read(text, prefix string) {
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		panic(err) // it was compiled
	}
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil && d.Name.IsExported() {
				of := prefix + strings.TrimPrefix(types.ExprString(d.Recv.List[0].Type), "*")
				m.methods[of] = append(m.methods[of], d)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if t, ok := s.(*ast.TypeSpec); ok {
					m.types[prefix+t.Name.Name] = t
				}
			}
		}
	}
}

// describe writes what a type has, its embedded types included, and queues the
// types that it names.
func (m *model) describe(name string) {
	title := strings.TrimPrefix(name, "spec.")
	if name == "view" {
		title = "The service, which is the dot of a file's template (that of \"method\" is a method)"
	}
	fmt.Fprintf(&m.out, "\n%s:\n\n", title)
	m.has = map[string]bool{}
	m.members(name)
}

func (m *model) members(name string) {
	t, ok := m.types[name]
	if !ok {
		return
	}
	prefix := name[:strings.LastIndexByte(name, '.')+1]
	var embedded []string // comes last, as what it has is hidden by what is there already
	if s, ok := t.Type.(*ast.StructType); ok {
		for _, f := range s.Fields.List {
			if len(f.Names) == 0 {
				embedded = append(embedded, qualified(strings.TrimPrefix(types.ExprString(f.Type), "*"), prefix))
				continue
			}
			m.field(f, prefix)
		}
	}
	for _, fn := range m.methods[name] {
		call := strings.TrimPrefix(types.ExprString(fn.Type), "func")
		m.member(fn.Name.Name, strings.TrimPrefix(call, "()"), synopsis(fn.Doc))
		if fn.Type.Results != nil {
			m.name(fn.Type.Results.List[0].Type, prefix)
		}
	}
	for _, e := range embedded {
		m.members(e)
	}
}

func (m *model) field(f *ast.Field, prefix string) {
	typ := types.ExprString(f.Type)
	for _, n := range f.Names {
		if !n.IsExported() {
			continue
		}
		comment := synopsis(f.Comment)
		if comment == "" {
			comment = synopsis(f.Doc)
		}
		m.member(n.Name, " "+strings.ReplaceAll(typ, "spec.", ""), comment)
		m.name(f.Type, prefix)
	}
}

func (m *model) member(name, typ, comment string) {
	if m.has[name] {
		return
	}
	m.has[name] = true
	fmt.Fprintf(&m.out, "    %s%s\n", name, typ)
	if comment != "" {
		fmt.Fprintf(&m.out, "        %s\n", comment)
	}
}

// name queues the type of the model that t is made of.
func (m *model) name(t ast.Expr, prefix string) {
	for _, word := range typeNames.FindAllString(types.ExprString(t), -1) {
		word = qualified(word, prefix)
		spec, ok := m.types[word]
		if !ok || m.seen[word] {
			continue
		}
		if _, ok := spec.Type.(*ast.StructType); ok {
			m.seen[word] = true
			m.queue = append(m.queue, word)
		}
	}
}

var typeNames = regexp.MustCompile(`[\w.]+`)

// qualified is a type's name with that of its package, if it is none of this.
func qualified(name, prefix string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return prefix + name
}

// synopsis is a comment on one line.
func synopsis(c *ast.CommentGroup) string {
	if c == nil {
		return ""
	}
	return strings.Join(strings.Fields(new(doc.Package).Synopsis(c.Text())), " ")
}

// Lacks are the fields and methods of the model was that this one has not, by
// their lines.
func Lacks(was string) []string {
	now := members(ModelDoc())
	return slices.DeleteFunc(members(was), func(m string) bool { return slices.Contains(now, m) })
}

// members are the lines of a model that name something, each with its type.
func members(text string) []string {
	var out []string
	of := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "        "), line == "":
		case strings.HasPrefix(line, "    "):
			out = append(out, of+" "+strings.TrimSpace(line))
		default:
			of = line
		}
	}
	return out
}
