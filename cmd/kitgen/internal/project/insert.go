package project

import (
	"bytes"
	"fmt"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
)

// inserter adds what is missing to the user's files. Of what is there it
// changes nothing but signatures, and functions that nobody touched.
type inserter struct {
	src       *source
	functions []function
	impl      string // the user's type that implements the interface; empty if it cannot be told
	edits     map[*goFile][]edit
	notes     map[*goFile][]string
	manual    []Manual

	origins   origins            // the functions as kitgen wrote them
	generated map[string][]byte  // files that kitgen is about to write
	changed   map[string]bool    // methods whose signature changed
	unmended  map[string]bool    // those of them that the user must change
	gone      map[*goFile]string // what edits take out
}

func newInserter(src *source, methods []string) *inserter {
	in := &inserter{
		src: src, functions: src.functions(), edits: map[*goFile][]edit{}, notes: map[*goFile][]string{},
		changed: map[string]bool{}, unmended: map[string]bool{}, gone: map[*goFile]string{},
	}
	in.impl = in.implementation(methods)
	return in
}

// add inserts the parts of one seeded file that are nowhere in the package.
func (in *inserter) add(seeded render.File) error {
	for _, part := range seeded.Parts {
		fn := part.Func
		if fn == nil {
			return fmt.Errorf("part of %s for %s: declares no function", seeded.Path, part.Method)
		}
		if fn.Recv == nil {
			in.addFunc(seeded.Path, fn.Name.Name, part)
		} else {
			in.addMethod(seeded.Path, fn.Name.Name, part, signatureOf(nil, fn))
		}
	}
	return nil
}

// addFunc inserts a function, such as a test, behind the last of its file, if
// it has never been there. One that nobody touched goes along with its method.
func (in *inserter) addFunc(home, name string, part render.Part) {
	for _, fn := range in.functions {
		if fn.recv == "" && fn.decl.Name.Name == name && in.changed[part.Method] && in.origins.untouched(fn) {
			in.replace(fn, part)
		}
	}
	if _, once := in.origins[name]; once { // and if it is not there, it was removed
		return
	}
	var file *goFile
	for _, f := range in.src.files {
		if _, ok := render.Names(f.ast)[name]; ok {
			return
		}
		if f.name == home {
			file = f
		}
	}
	if file != nil { // a file that the user removed is not wanted back
		in.insert(file, name, part)
	}
}

func (in *inserter) addMethod(home, name string, part render.Part, sig signature) {
	if in.impl == "" {
		in.manual = append(in.manual, Manual{home + ": no type of the package is recognised as the implementation of method " + name, []byte(part.Gofmt() + "\n")})
		return
	}
	var last function
	perFile := map[*goFile]int{}
	for _, fn := range in.functions {
		if fn.recv != in.impl || fn.file.test() {
			continue
		}
		if fn.decl.Name.Name == name {
			in.retype(fn, part, sig)
			return
		}
		perFile[fn.file]++
		if last.file == nil || perFile[fn.file] >= perFile[last.file] {
			last = fn
		}
	}
	if last.file == nil {
		in.insert(in.fileOf(in.impl), name, part)
		return
	}
	part.Text = bytes.Replace(part.Text, []byte("*"+seededType+")"), []byte(receiverType(last)+")"), 1)
	in.insert(last.file, name, part)
}

// reread is the source after its edits.
func (in *inserter) reread() (*source, error) {
	texts := map[string][]byte{}
	for _, f := range in.src.files {
		text, err := in.result(f)
		if err != nil {
			return nil, err
		}
		texts[f.name] = text
	}
	return parseSource(texts)
}
