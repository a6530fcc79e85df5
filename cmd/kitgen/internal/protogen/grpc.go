package protogen

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/format"
	"strings"
	"text/template"

	"google.golang.org/protobuf/compiler/protogen"
)

// The text of protoc-gen-go-grpc v1.6's output for unary methods.
//
//go:embed grpc.go.tmpl
var grpcText string

// grpcFile is what the template lays out.
type grpcFile struct {
	Source, Package string
	Services        []grpcService
}

type grpcService struct {
	Name, FullName, Hidden string // Hidden is the unexported name
	Doc                    string // as comment lines
	Methods                []grpcMethod
}

type grpcMethod struct {
	Name, Proto, In, Out string
	Doc                  string
}

func grpcCode(file *protogen.File) ([]byte, error) {
	data := grpcFile{Source: file.Desc.Path(), Package: string(file.GoPackageName)}
	for _, s := range file.Services {
		out := grpcService{
			Name: s.GoName, FullName: string(s.Desc.FullName()), Hidden: strings.ToLower(s.GoName[:1]) + s.GoName[1:],
			Doc: strings.TrimSpace(s.Comments.Leading.String()),
		}
		for _, m := range s.Methods {
			if m.Desc.IsStreamingClient() || m.Desc.IsStreamingServer() {
				return nil, fmt.Errorf("method %s streams, and kitgen writes unary methods only", m.Desc.FullName())
			}
			out.Methods = append(out.Methods, grpcMethod{
				Name: m.GoName, Proto: string(m.Desc.Name()), In: m.Input.GoIdent.GoName, Out: m.Output.GoIdent.GoName,
				Doc: strings.TrimSpace(m.Comments.Leading.String()),
			})
		}
		data.Services = append(data.Services, out)
	}
	t, err := template.New("grpc").Parse(grpcText)
	if err != nil {
		return nil, err
	}
	var w bytes.Buffer
	if err := t.Execute(&w, data); err != nil {
		return nil, err
	}
	return format.Source(w.Bytes())
}
