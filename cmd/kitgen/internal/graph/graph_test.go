package graph

import (
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
  subgraph s_shop[shop]
    s_shop_in([http])
    s_shop_in --> s_shop_0[observe]
    s_shop_0 --> s_shop_1[recovery]
    s_shop_1 --> s_shop_2[timeout]
    s_shop_2 --> s_shop_3[auth]
    s_shop_3 --> s_shop_Order[Order]
  end
  subgraph s_stock[stock]
    s_stock_in([http, grpc])
    s_stock_in --> s_stock_0[recovery]
    s_stock_0 --> s_stock_1[timeout]
    s_stock_1 --> s_stock_Left[Left]
    s_stock_1 --> s_stock_Take[Take]
  end
  s_shop -- timeout, retry, pick, breaker, transport --> s_stock_in
`
	if diff := cmp.Diff(want, Mermaid(services(t))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
