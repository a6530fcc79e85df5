package call

import (
	"testing"
	"testing/fstest"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/protogen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

const shop = `package shop

import (
	"context"
	"time"
)

type Item struct {
	Name   string            ` + "`json:\"name\"`" + `
	Price  int64             ` + "`json:\"price\"`" + `
	Labels map[string]int64  ` + "`json:\"labels\"`" + `
	Parts  []Item            ` + "`json:\"parts\"`" + `
	Left   *int              ` + "`json:\"left\"`" + `
}

//kit:enum
type Color int

const (
	Red Color = iota
	DarkBlue
)

// Size is text to encoding/json.
//
//kit:enum
type Size int

const (
	Small Size = iota
	Large
)

func (s Size) MarshalText() ([]byte, error)  { return []byte{"SL"[s]}, nil }
func (s *Size) UnmarshalText(b []byte) error { return nil }

type Odd struct {
	Color  Color               ` + "`json:\"color\"`" + `
	IDs    map[string]struct{} ` + "`json:\"ids\"`" + `
	Key    [3]byte             ` + "`json:\"key\"`" + `
	Rows   [][]int64           ` + "`json:\"rows\"`" + `
	Gaps   []*int              ` + "`json:\"gaps\"`" + `
	Deep   map[string][]string ` + "`json:\"deep\"`" + `
}

type Service interface {
	Put(ctx context.Context, item Item, count int8, wait time.Duration, at time.Time, data []byte, loud bool, ratio float64, tags []string, ns ...int) (total int64, took time.Duration, all []Item, err error)

	//kit:http GET /items/{owner}
	List(ctx context.Context, owner string, limit int, within time.Duration, tags []string) (items []Item, err error)

	Ping(ctx context.Context) error

	Odd(ctx context.Context, odd Odd, waits []time.Duration) error

	//kit:http GET /pages/{n}/{loud}/{within}/{owner}
	Page(ctx context.Context, n int, loud bool, within time.Duration, owner string) error

	Cut(ctx context.Context, size Size, key [3]int8) error
}
`

// loadShop is a service with values of many shapes.
func loadShop(t *testing.T) *known {
	t.Helper()
	svc, err := spec.LoadFS(fstest.MapFS{"shop.go": {Data: []byte(shop)}}, spec.Options{Module: "example.com/shop"})
	if err != nil {
		t.Fatal(err)
	}
	return &known{svc: svc, manifest: &project.Manifest{Service: "shop", Registry: "etcd", Transports: []string{"http", "grpc"}}}
}

func (k *known) named(t *testing.T, name string) *spec.Method {
	t.Helper()
	m, err := k.method(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// describe is a method in the .proto of the service.
func (k *known) describe(t *testing.T, m *spec.Method) protoreflect.MethodDescriptor {
	t.Helper()
	text, err := protogen.Proto(k.svc, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := protogen.Descriptor(k.svc, text)
	if err != nil {
		t.Fatal(err)
	}
	return s.Methods().ByName(protoreflect.Name(m.PB))
}
