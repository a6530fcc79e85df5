package spec

import (
	"errors"
	"strings"
	"testing"
)

// TestRows has a case for each kind of Go type that a signature may have: how it
// travels, or the code by which it is refused. Warnings follow the kind.
func TestRows(t *testing.T) {
	for _, tt := range []struct{ row, method, more, want string }{
		{"bool", "F(ctx context.Context, v bool) error", "", "bool"},
		{"string", "F(ctx context.Context, v string) error", "", "string"},
		{"bytes", "F(ctx context.Context, v []byte) error", "", "bytes"},
		{"float32", "F(ctx context.Context, v float32) error", "", "float32"},
		{"int", "F(ctx context.Context, v int) error", "", "int"},
		{"uint", "F(ctx context.Context, v uint) error", "", "uint"},
		{"int8", "F(ctx context.Context, v int8) error", "", "int8"},
		{"uint16", "F(ctx context.Context, v uint16) error", "", "uint16"},
		{"rune", "F(ctx context.Context, v rune) error", "", "int32"},
		{"byte", "F(ctx context.Context, v byte) error", "", "uint8"},
		{"named string", "F(ctx context.Context, v ID) error", "type ID string", "string"},
		{"named int with constants", "F(ctx context.Context, v Color) error", "type Color int\nconst Red Color = 0", "int"},
		{"enum", "F(ctx context.Context, v Color) error", "//kit:enum\ntype Color int\nconst Red Color = 0", "enum"},
		{"enum behind its type", "F(ctx context.Context, v Color) error", "type Color int //kit:enum\nconst Red Color = 0", "enum"},
		{"enum without 0", "F(ctx context.Context, v Color) error", "//kit:enum\ntype Color int\nconst Red Color = 1", "KG064"},
		{"time.Time", "F(ctx context.Context, v time.Time) error", "", "time"},
		{"time.Duration", "F(ctx context.Context, v time.Duration) error", "", "duration"},
		{"list", "F(ctx context.Context, v []int) error", "", "slice"},
		{"list of lists", "F(ctx context.Context, v [][]int) error", "", "slice"},
		{"list of maps", "F(ctx context.Context, v []map[string]int) error", "", "slice"},
		{"array", "F(ctx context.Context, v [2]int) error", "", "array"},
		{"array of bytes", "F(ctx context.Context, v [4]byte) error", "", "array"},
		{"array by constant", "F(ctx context.Context, v [n]int) error", "const n = 1 << 2", "array"},
		{"array by another package's constant", "F(ctx context.Context, v [sha256.Size]byte) error", "import \"crypto/sha256\"", "array"},
		{"map", "F(ctx context.Context, v map[int8]string) error", "", "map"},
		{"map by name", "F(ctx context.Context, v map[ID]string) error", "type ID string", "map"},
		{"map by text", "F(ctx context.Context, v map[netip.Addr]string) error", "import \"net/netip\"", "map"},
		{"map by float", "F(ctx context.Context, v map[float64]int) error", "", "KG031"},
		{"map by bool", "F(ctx context.Context, v map[bool]int) error", "", "KG031"},
		{"map by struct", "F(ctx context.Context, v map[P]int) error", "type P struct{ X int }", "KG031"},
		{"set", "F(ctx context.Context, v map[string]struct{}) error", "", "set"},
		{"map of lists", "F(ctx context.Context, v map[string][]int) error", "", "map"},
		{"map of maps", "F(ctx context.Context, v map[string]map[string]int) error", "", "map"},
		{"pointer to scalar", "F(ctx context.Context, v *int) error", "", "pointer"},
		{"pointer to struct", "F(ctx context.Context, v *P) error", "type P struct{ X int }", "pointer"},
		{"pointer to list", "F(ctx context.Context, v *[]int) error", "", "KG038"},
		{"pointer to map", "F(ctx context.Context, v *map[string]int) error", "", "KG038"},
		{"pointer to pointer", "F(ctx context.Context, v **int) error", "", "KG038"},
		{"recursive", "F(ctx context.Context, v User) error", "type User struct{ Parent *User }", "struct"},
		{"list of pointers to scalars", "F(ctx context.Context, v []*int) error", "", "slice"},
		{"list of pointers to structs", "F(ctx context.Context, v []*P) error", "type P struct{ X int }", "slice KGW05"},
		{"struct", "F(ctx context.Context, v P) error", "type P struct{ X int }", "struct"},
		{"struct with a hidden field", "F(ctx context.Context, v P) error", "type P struct{ X int; y int }", "struct KGW07"},
		{"struct without exported fields", "F(ctx context.Context, v P) error", "type P struct{ x int }", "KG034"},
		{"struct with a lock", "F(ctx context.Context, v P) error", "import \"sync\"\ntype P struct{ X int; mu sync.Mutex }", "KG030"},
		{"another package's struct", "F(ctx context.Context, v sql.NullString) error", "import \"database/sql\"", "struct"},
		{"another package's, unknown", "F(ctx context.Context, v x.Y) error", "import \"example.com/x\"", "KG035"},
		{"embedded", "F(ctx context.Context, v P) error", "type Q struct{ X int }\ntype P struct{ Q }", "struct"},
		{"embedded pointer", "F(ctx context.Context, v P) error", "type Q struct{ X int }\ntype P struct{ *Q }", "struct"},
		{"embedded twice", "F(ctx context.Context, v P) error", "type Q struct{ X int }\ntype R struct{ X int }\ntype P struct{ Q; R }", "KG033"},
		{"anonymous struct", "F(ctx context.Context, v struct{ X int }) error", "", "struct"},
		{"any", "F(ctx context.Context, v any) error", "", "KG032"},
		{"any, wanted", "//kit:any\nF(ctx context.Context, v any) error", "", "any"},
		{"any in a field", "F(ctx context.Context, v P) error", "type P struct {\n\tX any //kit:any\n}", "struct"},
		{"interface", "F(ctx context.Context, v io.Reader) error", "import \"io\"", "KG030"},
		{"func", "F(ctx context.Context, v func()) error", "", "KG030"},
		{"chan", "F(ctx context.Context, v chan int) error", "", "KG030"},
		{"complex", "F(ctx context.Context, v complex128) error", "", "KG030"},
		{"uintptr", "F(ctx context.Context, v uintptr) error", "", "KG030"},
		{"unsafe.Pointer", "F(ctx context.Context, v unsafe.Pointer) error", "import \"unsafe\"", "KG030"},
		{"json.RawMessage", "F(ctx context.Context, v json.RawMessage) error", "import \"encoding/json\"", "bytes"},
		{"url.URL", "F(ctx context.Context, v *url.URL) error", "import \"net/url\"", "KG035"},
		{"netip.Addr", "F(ctx context.Context, v netip.Addr) error", "import \"net/netip\"", "text"},
		{"big.Int", "F(ctx context.Context, v *big.Int) error", "import \"math/big\"", "pointer"},
		{"big.Int by value", "F(ctx context.Context, v big.Int) error", "import \"math/big\"", "KG030"},
		{"own text", "F(ctx context.Context, v P) error", "type P struct{ x int }\nfunc (P) MarshalText() ([]byte, error) { return nil, nil }\nfunc (*P) UnmarshalText([]byte) error { return nil }", "text"},
		{"generic instance", "F(ctx context.Context, v Page[User]) error", "type Page[T any] struct{ Items []T }\ntype User struct{ X int }", "struct"},
		{"generic interface", "F(ctx context.Context, v T) error", "generic", "KG012"},
		{"alias", "F(ctx context.Context, v A) error", "type A = map[string][]int", "map"},
		{"variadic", "F(ctx context.Context, v ...int) error", "", "slice"},
		{"without end", "F(ctx context.Context, v L) error", "type L []L", "KG036"},
		{"embedded interface", "E", "type E interface{ F(ctx context.Context, v int) error }", "int"},
		{"embedded io.Closer", "io.Closer", "import \"io\"", "KG020"},
		{"embedded io.Closer, skipped", "io.Closer //kit:skip\nF(ctx context.Context, v int) error", "import \"io\"", "int"},
		{"no context", "F(v int) error", "", "KG021"},
		{"context second", "F(v int, ctx context.Context) error", "", "KG021"},
		{"two contexts", "F(ctx, ctx2 context.Context, v int) error", "", "KG021"},
		{"no error", "F(ctx context.Context, v int)", "", "KG022"},
		{"no error, wanted", "//kit:noerror\nF(ctx context.Context, v int)", "", "int"},
		{"error not last", "F(ctx context.Context, v int) (error, int)", "", "KG023"},
		{"two errors", "F(ctx context.Context, v int) (error, error)", "", "KG024"},
		{"concrete error", "F(ctx context.Context, v int) *MyErr", "type MyErr struct{}\nfunc (*MyErr) Error() string { return \"\" }", "KG025"},
		{"error as parameter", "F(ctx context.Context, v error) error", "", "KG026"},
		{"no results", "F(ctx context.Context, v int) error", "", "int"},
		{"one unnamed parameter", "F(context.Context, int) error", "", "int"},
		{"unnamed parameters", "F(context.Context, int, int) error", "", "KG027"},
		{"unnamed results", "F(ctx context.Context, v int) (int, int, error)", "", "int KGW06"},
		{"names of the generator", "F(ctx context.Context, v int, request, response, req, svc, ctx2, err int) error", "", "int"},
		{"keywords of a .proto", "F(ctx context.Context, v int, message, rpc, typ, reset, string_, descriptor int) error", "", "int"},
		{"letters that are not ASCII", "F(ctx context.Context, größe int) error", "", "KG028"},
		{"names alike", "F(ctx context.Context, userID int, user_Id int) error", "", "KG029"},
		{"unexported method", "F(ctx context.Context, v int) error; g(ctx context.Context) error", "", "KG019"},
		{"no methods", "", "", "KG011"},
	} {
		t.Run(tt.row, func(t *testing.T) {
			svc, err := LoadFS(inMemory("a.go", rowSource(tt.method, tt.more)), Options{})
			if got := outcome(svc, err); got != tt.want {
				t.Errorf("%s, want %s: %v", got, tt.want, err)
			}
		})
	}
}

// rowSource is a package with a method, and what it needs.
func rowSource(method, more string) string {
	imports, decls := "import \"context\"\nimport \"time\"\n", ""
	for line := range strings.Lines(more + "\n") {
		if strings.HasPrefix(line, "import ") {
			imports += line
		} else {
			decls += line
		}
	}
	params := ""
	if more == "generic" {
		params, decls = "[T any]", ""
	}
	return "package a\n" + imports + "type Service" + params + " interface {\n" + method + "\n}\n" + decls + "\nvar _ time.Time\n"
}

// outcome is the kind of the first parameter and codes of warnings, or the codes of the
// problems.
func outcome(svc *Service, err error) string {
	var list Problems
	var words []string
	if problems, ok := errors.AsType[Problems](err); ok {
		list = problems
	} else {
		words, list = append(words, string(svc.Methods[0].Params[0].Type.Kind)), svc.Warnings
	}
	for _, p := range list {
		words = append(words, p.Code)
	}
	return strings.Join(words, " ")
}
