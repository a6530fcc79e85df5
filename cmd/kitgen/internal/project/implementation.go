package project

import (
	"maps"
	"slices"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// Implementation is the type in text, a Go file, that has all of the methods;
// empty if none or several do.
func Implementation(text []byte, methods []string) (string, error) {
	src, err := parseSource(map[string][]byte{"": text})
	if err != nil {
		return "", err
	}
	in := newInserter(src, methods)
	for _, m := range methods {
		if !slices.ContainsFunc(in.functions, func(fn function) bool { return fn.recv == in.impl && fn.decl.Name.Name == m }) {
			return "", nil
		}
	}
	return in.impl, nil
}

// implementation is the type with the most of the methods; of several, the one
// that kitgen seeded.
func (in *inserter) implementation(methods []string) string {
	count := map[string]int{}
	for _, fn := range in.functions {
		if fn.recv != "" && !fn.file.test() && slices.Contains(methods, fn.decl.Name.Name) {
			count[fn.recv]++
		}
	}
	if in.declares(seededType) && count[seededType] == 0 {
		count[seededType] = 0
	}
	most := slices.Max(append(slices.Collect(maps.Values(count)), 0))
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < most })
	if _, ok := count[seededType]; ok {
		return seededType
	}
	if len(count) != 1 {
		return ""
	}
	for name := range count {
		return name
	}
	return ""
}

// seededType is what the service.go template calls the implementation.
const seededType = "service"

func (in *inserter) declares(name string) bool {
	return slices.ContainsFunc(in.src.files, func(f *goFile) bool { _, ok := render.Names(f.ast)[name]; return ok && !f.test() })
}

// receiverType is the receiver's type as the user writes it.
func receiverType(fn function) string {
	t := fn.decl.Recv.List[0].Type
	base := fn.file.ast.FileStart
	return string(fn.file.text[t.Pos()-base : t.End()-base])
}

func (in *inserter) fileOf(typ string) *goFile {
	for _, f := range in.src.files {
		if _, ok := render.Names(f.ast)[typ]; ok && !f.test() {
			return f
		}
	}
	return nil
}
