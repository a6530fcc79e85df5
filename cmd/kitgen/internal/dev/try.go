package dev

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// tries are commands that call f, with values made up; none if its methods want
// more than that. Beside others, f must be named.
func (f *fleet) tries(named bool) []string {
	svc, err := f.load()
	if err != nil {
		return nil // whoever generates from it has said why
	}
	for _, m := range svc.Methods {
		words, body, ok := sample(m.Params)
		if !ok || m.StreamIn || m.StreamOut {
			continue
		}
		name := m.Name
		if named {
			name = f.name + " " + name
		}
		lines := []string{strings.TrimSpace(fmt.Sprintf("kitgen call %s %s", name, words))}
		if r := m.Route(); f.door != nil && m.Over("http") && r.Verb == http.MethodPost && len(r.Variables()) == 0 {
			lines = append(lines, fmt.Sprintf("curl -d '%s' %s%s", body, f.door.addr, r.Path))
		}
		return lines
	}
	return nil
}

func (f *fleet) load() (*spec.Service, error) {
	module, err := project.PackagePath(f.dir)
	if err != nil {
		return nil, err
	}
	return spec.Load(f.dir, spec.Options{Interface: f.iface, Name: f.name, Module: module})
}

// sample makes up a value for each field, as arguments of kitgen call and as the
// body of a request.
func sample(fields []spec.Field) (words string, body []byte, ok bool) {
	var args []string
	var members []string
	for _, f := range fields {
		v := value(f)
		if v == nil {
			return "", nil, false
		}
		text, err := json.Marshal(v)
		if err != nil {
			return "", nil, false
		}
		args = append(args, fmt.Sprintf("%s=%v", f.JSON, v))
		members = append(members, fmt.Sprintf("%q:%s", f.JSON, text))
	}
	return strings.Join(args, " "), []byte("{" + strings.Join(members, ",") + "}"), true
}

// value is something that f could be; nil if it is no plain scalar.
func value(f spec.Field) any {
	switch f.Type.Kind {
	case spec.String:
		if f.Name == "name" {
			return "Ada"
		}
		return f.Name
	case spec.Bool:
		return true
	case spec.Int, spec.Int8, spec.Int16, spec.Int32, spec.Int64, spec.Uint, spec.Uint8, spec.Uint16, spec.Uint32, spec.Uint64, spec.Float32, spec.Float64:
		return 1
	}
	return nil
}
