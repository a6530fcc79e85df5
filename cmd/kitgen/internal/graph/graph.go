// Package graph draws services: their methods, what a call passes on either
// side, and who calls whom. The drawings of middleware are those of package
// middleware itself, for the configuration that the interface and the service's
// own settings amount to.
package graph

import (
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/auth"
	"github.com/kitgen/kitgen/middleware/limit"
	"github.com/kitgen/kitgen/middleware/observe"
	"github.com/kitgen/kitgen/middleware/ratelimit"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/middleware/shed"
)

// Service is one node of the graph.
type Service struct {
	Name       string   `json:"service"`
	Dir        string   `json:"dir"`
	Package    string   `json:"package"` // import path
	Transports []string `json:"transports"`
	Registry   string   `json:"registry"`
	Methods    []Method `json:"methods"`
	Server     string   `json:"server"` // drawing of what a call passes there
	Client     string   `json:"client"` // drawing of what it passes before
	Calls      []string `json:"calls"`  // names of services

	calls []*Service
}

// Method is one endpoint, and where it is on each wire; empty where it is not.
type Method struct {
	Name       string `json:"name"`
	HTTP       string `json:"http,omitempty"`
	GRPC       string `json:"grpc,omitempty"`
	Idempotent bool   `json:"idempotent"`
}

// New describes svc. settings are the fields of the middleware.ServerConfig that
// it sets.
func New(svc *spec.Service, transports []string, registry string, settings []string) (*Service, error) {
	s := &Service{Name: svc.Name, Package: svc.Module, Transports: transports, Registry: registry}
	configs := map[string]middleware.MethodConfig{}
	for _, m := range svc.Methods {
		s.Methods = append(s.Methods, method(svc, m, transports))
		configs[m.Name] = middleware.MethodConfig{
			Once:  !m.Idempotent,
			Retry: retry.Config{Idempotent: m.Idempotent, AttemptTimeout: m.Timeout},
		}
	}
	server, err := middleware.Server(serverConfig(settings).For(svc.Name, configs))
	if err != nil {
		return nil, err
	}
	s.Server = asSet(server.String(), settings)
	client, err := middleware.Client(middleware.ClientConfig{}.For(svc.Name, configs))
	if err != nil {
		return nil, err
	}
	s.Client = client.String()
	return s, client.Close()
}

func method(svc *spec.Service, m spec.Method, transports []string) Method {
	out := Method{Name: m.Name, Idempotent: m.Idempotent}
	if slices.Contains(transports, "http") && m.Over("http") {
		route := m.Route()
		out.HTTP = route.Verb + " " + route.Path
	}
	if slices.Contains(transports, "grpc") && m.Over("grpc") {
		out.GRPC = svc.ProtoPackage + "." + svc.PB + "/" + m.PB
	}
	return out
}

// serverConfig has all fields that are set, with whatever values: asSet takes
// those out of the drawing again.
func serverConfig(settings []string) middleware.ServerConfig {
	var c middleware.ServerConfig
	for _, field := range settings {
		switch field {
		case "Observers":
			c.Observers = []observe.Observer{observe.Log(observe.LogConfig{})}
		case "Shed":
			c.Shed = &shed.Config{}
		case "Auth":
			c.Auth = &auth.Config{Verifiers: []auth.Verifier{nobody}}
		case "RateLimit":
			c.RateLimit = &ratelimit.Config{Rate: 1}
		case "Limit":
			c.Limit = &limit.Config{}
		}
	}
	return c
}

func nobody(context.Context, auth.Credentials) (*auth.Principal, error) { return nil, nil } //nolint:nilnil // is never called

// asSet is a drawing without the numbers of what the service sets: only it
// knows them.
func asSet(drawing string, settings []string) string {
	var b strings.Builder
	for line := range strings.Lines(drawing) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, field := range settings {
			if strings.HasPrefix(line, "  ") && (strings.EqualFold(field, name) || field == "Observers" && name == "observe") {
				line = fmt.Sprintf("  %-10s as the service sets it\n", name)
			}
		}
		b.WriteString(line)
	}
	return b.String()
}

// Connect finds out which of the services call which, by what they import:
// imports returns that for a directory.
func Connect(services []*Service, imports func(dir string) ([]string, error)) error {
	for _, s := range services {
		paths, err := imports(s.Dir)
		if err != nil {
			return err
		}
		s.Calls = []string{}
		for _, other := range services {
			if other != s && slices.Contains(paths, other.Package) {
				s.Calls, s.calls = append(s.Calls, other.Name), append(s.calls, other)
			}
		}
	}
	return nil
}

// Imports are the paths that a Go file imports.
func Imports(text []byte) []string {
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ImportsOnly)
	if err != nil {
		return nil
	}
	var paths []string
	for _, imp := range file.Imports {
		if p, err := strconv.Unquote(imp.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}
