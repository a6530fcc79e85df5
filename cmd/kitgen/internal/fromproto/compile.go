package fromproto

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// compile links the .proto with what it imports.
func compile(in Input) (protoreflect.FileDescriptor, error) {
	var c complaints
	name := path.Base(strings.ReplaceAll(in.File, `\`, "/"))
	open := func(p string) (protocompile.SearchResult, error) {
		text, err := in.Text, error(nil)
		if p != name {
			text, err = in.open(p)
		}
		return protocompile.SearchResult{Source: strings.NewReader(string(text))}, err
	}
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(protocompile.ResolverFunc(open)),
		MaxParallelism: 1,
		SourceInfoMode: protocompile.SourceInfoStandard,
		Reporter: reporter.NewReporter(func(err reporter.ErrorWithPos) error {
			c.add(in, name, err)
			return nil
		}, nil),
	}
	files, err := compiler.Compile(context.Background(), name)
	if e, ok := errors.AsType[reporter.ErrorWithPos](err); ok && len(c) == 0 {
		c.add(in, name, e) // of imports, which are not reported
	}
	if len(c) > 0 {
		return nil, spec.Problems(c).Err()
	}
	if err != nil {
		return nil, fmt.Errorf("compile %s: %w", in.File, err)
	}
	return files[0], nil
}

// open finds a file that is imported; those of google.api, which declare
// routes, need not be there.
func (in Input) open(p string) ([]byte, error) {
	text, err := in.Open(p)
	if api, ok := googleAPI[p]; ok && errors.Is(err, fs.ErrNotExist) {
		return []byte(api), nil
	}
	return text, err
}

// complaints of the compiler.
type complaints spec.Problems

func (c *complaints) add(in Input, name string, err reporter.ErrorWithPos) {
	at := err.GetPosition()
	file := at.Filename
	if file == name {
		file = in.File
	}
	fix := "correct it; protoc shows the same"
	if strings.Contains(err.Unwrap().Error(), "could not resolve path") || errors.Is(err, fs.ErrNotExist) {
		fix = "put the file where its path leads from the directory of " + in.File + ", or from one above it"
	}
	*c = append(*c, spec.Problem{Pos: fmt.Sprintf("%s:%d:%d", file, max(1, at.Line), max(1, at.Col)), Code: "KG065", Msg: err.Unwrap().Error(), Fix: fix})
}
