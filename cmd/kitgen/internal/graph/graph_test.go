package graph

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

func load(t *testing.T, name, methods string) *spec.Service {
	t.Helper()
	source := "package " + name + "\n\nimport \"context\"\n\ntype Service interface {\n" + methods + "\n}\n"
	svc, err := spec.LoadFS(fstest.MapFS{name + ".go": {Data: []byte(source)}}, spec.Options{Module: "example.com/" + name})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

func services(t *testing.T) []*Service {
	t.Helper()
	shop, err := New(load(t, "shop", "//kit:timeout 30s\nOrder(ctx context.Context, id string) error"), []string{"http"}, "consul", []string{"Timeout", "Auth", "Observers"})
	if err != nil {
		t.Fatal(err)
	}
	stock, err := New(load(t, "stock", "//kit:idempotent\n//kit:http GET /left/{id}\nLeft(ctx context.Context, id string) (n int, err error)\n//kit:skip http\nTake(ctx context.Context, id string) error"), []string{"http", "grpc"}, "etcd", nil)
	if err != nil {
		t.Fatal(err)
	}
	shop.Dir, stock.Dir = "shop", "stock"
	list := []*Service{shop, stock}
	err = Connect(list, func(dir string) ([]string, error) {
		if dir == "shop" {
			return Imports([]byte("package shop\n\nimport \"example.com/stock\"\n")), nil
		}
		return Imports([]byte("package stock\n\nimport \"example.com/stock/api\"\n")), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestText(t *testing.T) {
	const want = `shop  over http, in consul
  calls stock

  Order  POST /order

  calls of shop, outermost first
    observe    as the service sets it
    recovery
    timeout    as the service sets it
    auth       as the service sets it
    service
  Order
    timeout    as the service sets it

  calls to shop, outermost first
    timeout    10s
    retry      3 attempts of 2s each, of calls that were not sent
    pick       lb.Endpoint
    of each instance:
      breaker    5 failures in a row, or 50 % of 10 or more in 1m; open for 5s to 1m
      transport
  Order
    timeout    2m
    retry      3 attempts of 30s each, of calls that were not sent

stock  over http and grpc, in etcd

  Left  GET /left/{id}  stock.v1.Stock/Left  may be repeated
  Take                  stock.v1.Stock/Take

  calls of stock, outermost first
    recovery
    timeout    10s
    service

  calls to stock, outermost first
    timeout    10s
    retry      3 attempts of 2s each, of calls that were not sent
    pick       lb.Endpoint
    of each instance:
      breaker    5 failures in a row, or 50 % of 10 or more in 10s; open for 5s to 1m
      transport
  Left
    timeout    10s
    retry      3 attempts of 2s each, of calls that failed, but not with 500
  Take
    timeout    10s
    retry      3 attempts of 2s each, of calls that were not sent
`
	if diff := cmp.Diff(want, Text(services(t))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMermaid(t *testing.T) {
	const want = `flowchart LR
  subgraph s1["shop"]
    s1_in(["http"])
    s1_in --> s1_1["observe"]
    s1_1 --> s1_2["recovery"]
    s1_2 --> s1_3["timeout"]
    s1_3 --> s1_4["auth"]
    s1_4 --> s1_m1["Order"]
  end
  subgraph s2["stock"]
    s2_in(["http, grpc"])
    s2_in --> s2_1["recovery"]
    s2_1 --> s2_2["timeout"]
    s2_2 --> s2_m1["Left"]
    s2_2 --> s2_m2["Take"]
  end
  s1 -- "timeout, retry, pick, breaker, transport" --> s2_in
`
	if diff := cmp.Diff(want, Mermaid(services(t))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// statement is what a line of a flowchart may be: an identifier that is no word
// of Mermaid's, and everything else in quotes.
var statement = regexp.MustCompile(`^(flowchart LR|  end|  subgraph s\d+\["[^"]*"\]|    s\d+_in\(\["[^"]*"\]\)|    s\d+_\w+ --> s\d+_\w+\["[^"]*"\]|  s\d+ -- "[^"]*" --> s\d+_in)$`)

// TestMermaidNames draws services whose names mean something to Mermaid, or are
// those of others.
func TestMermaidNames(t *testing.T) {
	list := services(t)
	list[0].Name, list[1].Name = "end", "end"
	list[1].Methods[0].Name = `subgraph "a]`
	got := Mermaid(list)
	defined := map[string]bool{}
	for line := range strings.Lines(got) {
		line = strings.TrimSuffix(line, "\n")
		if !statement.MatchString(line) {
			t.Errorf("%q is no statement", line)
		}
		before, _, ok := strings.Cut(line, `["`)
		id := before[strings.LastIndexByte(before, ' ')+1:]
		if ok && defined[id] {
			t.Errorf("%q defines a node that is there already", line)
		}
		defined[id] = true
	}
	if want := `s2_m1["subgraph #quot;a]"]`; !strings.Contains(got, want) {
		t.Errorf("%s\nhas no %s", got, want)
	}
}
