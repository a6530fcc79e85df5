package render

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"text/template"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// ClientInput is what the file of a caller depends on.
type ClientInput struct {
	Service   *spec.Service // that is called
	Into      string        // package that calls
	Transport string        // "grpc" or "http"
	Target    string        // where instances are, for example
}

// clientView is what its template sees.
type clientView struct {
	ClientInput

	Name, Func, Qualifier, Import, Factory string
	GRPC                                   bool
}

// ClientFunc is the function that Client's file declares.
func ClientFunc(svc *spec.Service) string { return "New" + svc.PB + "Client" }

// Client returns the file of a caller: how it composes discovery, balancing and
// the policies around a call. It is the caller's own.
func Client(in ClientInput, templates fs.FS) (*File, error) {
	const name = "NAME_client.go.tmpl"
	text, err := fs.ReadFile(templates, name)
	if err != nil {
		return nil, err
	}
	t, err := template.New(name).Parse(string(text))
	if err != nil {
		return nil, err
	}
	svc := in.Service
	v := clientView{ClientInput: in, Name: svc.Name, Func: ClientFunc(svc), GRPC: in.Transport == "grpc"}
	v.Qualifier = svc.Package
	if svc.Package == in.Into || slices.Contains(clientNames, svc.Package) {
		v.Qualifier += "svc"
	}
	v.Import = strconv.Quote(svc.Module)
	if v.Qualifier != path.Base(svc.Module) {
		v.Import = v.Qualifier + " " + v.Import
	}
	v.Factory = "HTTPFactory(kithttp.ClientConfig{}, kitotel.ContextToHTTP(nil))"
	if v.GRPC {
		v.Factory = "GRPCFactory(grpc.WithStatsHandler(kitotel.ClientStatsHandler(nil)))"
	}
	f := &File{Path: svc.Name + "_client.go", Kind: Seeded}
	return f, f.fill(t, v, nil)
}

// clientNames are what the file calls something else.
var clientNames = []string{"client", "dial", "done", "instances", "logger", "target"}
