package call

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/dev"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/protogen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/typo"
)

// known is a service whose interface is here.
type known struct {
	dir      string
	manifest *project.Manifest
	svc      *spec.Service
}

// named is the service of a name whose interface is here, if there is one.
func named(dir, name string, note *dev.Note) ([]*known, error) {
	dirs, _ := directories(dir, note) // none is no error: others can be called from anywhere
	for _, dir := range dirs {
		if m, err := project.ReadManifest(os.DirFS(dir), dir); err == nil && m.Service == name {
			k, err := read(dir)
			return []*known{k}, err
		}
	}
	return nil, nil
}

// services are those here, below, and, if a session runs here, those it runs.
func services(dir string, note *dev.Note) ([]*known, error) {
	dirs, err := directories(dir, note)
	if err != nil {
		return nil, err
	}
	var all []*known
	for _, dir := range dirs {
		k, err := read(dir)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	return all, nil
}

func directories(dir string, note *dev.Note) ([]string, error) {
	dirs, err := dev.Services(dir)
	if note != nil {
		more, moreErr := dev.Services(note.Dir())
		dirs = append(dirs, more...)
		err = moreErr
	}
	if err != nil {
		return nil, err
	}
	slices.Sort(dirs)
	return slices.Compact(dirs), nil
}

func read(dir string) (*known, error) {
	m, err := project.ReadManifest(os.DirFS(dir), dir)
	if err != nil {
		return nil, err
	}
	module, err := project.PackagePath(dir)
	if err != nil {
		return nil, err
	}
	svc, err := spec.Load(dir, spec.Options{Interface: m.Interface, Name: m.Service, Module: module})
	return &known{dir, m, svc}, err
}

// choose finds the service and the method that the first words name, and returns
// the others.
func choose(all []*known, words []string) (k *known, m *spec.Method, rest []string, err error) {
	for _, k := range all {
		if words[0] == k.svc.Name && len(words) > 1 && !strings.Contains(words[1], "=") {
			m, err := k.method(words[1])
			return k, m, words[2:], err
		}
	}
	var found []*known
	for _, k := range all {
		if _, err := k.method(words[0]); err == nil {
			found = append(found, k)
		}
	}
	switch {
	case len(found) == 1:
		m, err := found[0].method(words[0])
		return found[0], m, words[1:], err
	case len(found) > 1:
		return nil, nil, nil, project.Refusal(fmt.Sprintf("%s is a method of %s and of %s; name the service before it", words[0], found[0].svc.Name, found[1].svc.Name))
	case len(all) == 1:
		_, err := all[0].method(words[0])
		return nil, nil, nil, err
	}
	return nil, nil, nil, project.Refusal(unknown(all, words[0]))
}

// unknown is what to say of a word that is neither a service nor a method.
func unknown(all []*known, word string) string {
	var names []string
	for _, k := range all {
		names = append(names, k.svc.Name)
		for _, m := range k.svc.Methods {
			names = append(names, m.Name)
		}
	}
	if near := typo.Nearest(word, names); near != "" {
		return fmt.Sprintf("no service or method is called %s; did you mean %s?", word, near)
	}
	return fmt.Sprintf("no service or method is called %s; there are %s", word, strings.Join(names, ", "))
}

// method finds one by its name, upper and lower case aside.
func (k *known) method(name string) (*spec.Method, error) {
	var names []string
	for i, m := range k.svc.Methods {
		if strings.EqualFold(m.Name, name) {
			return &k.svc.Methods[i], nil
		}
		names = append(names, m.Name)
	}
	mend := "there are " + strings.Join(names, ", ")
	if near := typo.Nearest(name, names); near != "" {
		mend = "did you mean " + near + "?"
	}
	return nil, project.Refusal(fmt.Sprintf("%s has no method %s; %s", k.svc.Name, name, mend))
}

// descriptor is m in the committed .proto.
func (k *known) descriptor(m *spec.Method) (protoreflect.MethodDescriptor, error) {
	path := render.ProtoPath(k.svc)
	text, err := os.ReadFile(filepath.Join(k.dir, filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, project.Refusal(fmt.Sprintf("%s: there is none; run kitgen generate", path))
	}
	if err != nil {
		return nil, err
	}
	s, err := protogen.Descriptor(k.svc, text)
	if err != nil {
		return nil, err
	}
	if d := s.Methods().ByName(protoreflect.Name(m.PB)); d != nil {
		return d, nil
	}
	return nil, project.Refusal(fmt.Sprintf("%s has no %s; run kitgen generate", path, m.PB))
}

// wire is the one to call m over: the one asked for, or else the first that
// serves it.
func (k *known) wire(m *spec.Method, asked string) (string, error) {
	var served []string
	for _, w := range []string{"grpc", "http"} {
		if m.Over(w) && slices.Contains(k.manifest.Transports, w) {
			served = append(served, w)
		}
	}
	switch {
	case len(served) == 0:
		return "", project.Refusal(fmt.Sprintf("%s is served over no wire", m.Name))
	case asked == "":
		return served[0], nil
	case slices.Contains(served, asked):
		return asked, nil
	}
	return "", project.Refusal(fmt.Sprintf("--over %s: %s is served over %s", asked, m.Name, strings.Join(served, " and ")))
}

// target is where the service registers unless it is told otherwise.
func (k *known) target() string {
	ports := map[string]string{"etcd": "2379", "consul": "8500"}
	return fmt.Sprintf("%[1]s://127.0.0.1:%[2]s/%[3]s", k.manifest.Registry, ports[k.manifest.Registry], k.svc.Name)
}
