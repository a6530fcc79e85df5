package protogen

import (
	"bytes"
	_ "embed"
	"go/format"
	"strings"
	"text/template"

	"google.golang.org/protobuf/compiler/protogen"
)

// The text of protoc-gen-go-grpc v1.6's output.
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
	Client, Server       bool   // these send a stream
	Index                int    // among the streams, or among the others
	Kind                 string // of a stream: "ServerStreaming", "ClientStreaming" or "BidiStreaming"
	Messages             string // type parameters of that
}

// Streams reports whether a side sends more than one message.
func (m grpcMethod) Streams() bool { return m.Client || m.Server }

// ClientType is what the client's method returns.
func (m grpcMethod) ClientType() string {
	if !m.Streams() {
		return "*" + m.Out
	}
	return "grpc." + m.Kind + "Client[" + m.Messages + "]"
}

// ServerType is what the server's method has for a stream.
func (m grpcMethod) ServerType() string { return "grpc." + m.Kind + "Server[" + m.Messages + "]" }

// ClientArgs are the parameters of the client's method.
func (m grpcMethod) ClientArgs() string {
	if m.Client {
		return "ctx context.Context, opts ...grpc.CallOption"
	}
	return "ctx context.Context, in *" + m.In + ", opts ...grpc.CallOption"
}

// ServerSignature is that of the server's method, without its name.
func (m grpcMethod) ServerSignature() string {
	switch {
	case m.Client:
		return "(" + m.ServerType() + ") error"
	case m.Server:
		return "(*" + m.In + ", " + m.ServerType() + ") error"
	}
	return "(context.Context, *" + m.In + ") (*" + m.Out + ", error)"
}

// describeRPC is m, which comes after before.
func describeRPC(m *protogen.Method, before []grpcMethod) grpcMethod {
	out := grpcMethod{
		Name: m.GoName, Proto: string(m.Desc.Name()), In: m.Input.GoIdent.GoName, Out: m.Output.GoIdent.GoName,
		Doc:    strings.TrimSpace(m.Comments.Leading.String()),
		Client: m.Desc.IsStreamingClient(), Server: m.Desc.IsStreamingServer(),
	}
	out.Messages = out.In + ", " + out.Out
	switch {
	case out.Client && out.Server:
		out.Kind = "BidiStreaming"
	case out.Client:
		out.Kind = "ClientStreaming"
	default:
		out.Kind, out.Messages = "ServerStreaming", out.Out
	}
	for _, b := range before {
		if b.Streams() == out.Streams() {
			out.Index++
		}
	}
	return out
}

func grpcCode(file *protogen.File) ([]byte, error) {
	data := grpcFile{Source: file.Desc.Path(), Package: string(file.GoPackageName)}
	for _, s := range file.Services {
		out := grpcService{
			Name: s.GoName, FullName: string(s.Desc.FullName()), Hidden: strings.ToLower(s.GoName[:1]) + s.GoName[1:],
			Doc: strings.TrimSpace(s.Comments.Leading.String()),
		}
		for _, m := range s.Methods {
			out.Methods = append(out.Methods, describeRPC(m, out.Methods))
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
