package call

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

func TestServiceAndMethodAreFound(t *testing.T) {
	text := "package bank\n\nimport \"context\"\n\ntype Service interface {\n\tPing(ctx context.Context) error\n\tPay(ctx context.Context, shop int) error\n}\n"
	svc, err := spec.LoadFS(fstest.MapFS{"bank.go": {Data: []byte(text)}}, spec.Options{Module: "example.com/bank"})
	if err != nil {
		t.Fatal(err)
	}
	all := []*known{loadShop(t), {svc: svc, manifest: &project.Manifest{Service: "bank", Transports: []string{"http"}}}}
	for _, tt := range []struct{ line, service, method, rest, err string }{
		{"Pay shop=1", "bank", "Pay", "shop=1", ""},
		{"pay shop=1", "bank", "Pay", "shop=1", ""},
		{"bank Ping", "bank", "Ping", "", ""},
		{"shop List owner=x limit=1", "shop", "List", "owner=x limit=1", ""},
		{"Ping", "", "", "", "Ping is a method of shop and of bank; name the service before it"},
		{"shop Lst", "", "", "", "shop has no method Lst; did you mean List?"},
		{"shp List", "", "", "", "no service or method is called shp; did you mean shop?"},
		{"thrift", "", "", "", "no service or method is called thrift; there are shop, Put, List, Ping, Odd, Page, Cut, bank, Ping, Pay"},
	} {
		k, m, rest, err := choose(all, strings.Fields(tt.line))
		if tt.err != "" {
			if err == nil || err.Error() != tt.err {
				t.Errorf("%s: %v, want %s", tt.line, err, tt.err)
			}
			continue
		}
		if err != nil || k.svc.Name != tt.service || m.Name != tt.method || strings.Join(rest, " ") != tt.rest {
			t.Errorf("%s: %v %v, %v", tt.line, m, rest, err)
		}
	}
}

func TestTheWireIsOneThatServesTheMethod(t *testing.T) {
	k := loadShop(t)
	m := k.named(t, "Ping")
	var got []string
	for _, asked := range []string{"", "http", "grpc"} {
		wire, err := k.wire(m, asked)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, wire)
	}
	if diff := cmp.Diff([]string{"grpc", "http", "grpc"}, got); diff != "" {
		t.Error(diff)
	}
	m.Skip = []string{"grpc"}
	if wire, err := k.wire(m, ""); wire != "http" || err != nil {
		t.Errorf("%s, %v", wire, err)
	}
	if _, err := k.wire(m, "grpc"); err == nil || err.Error() != "--over grpc: Ping is served over http" {
		t.Error(err)
	}
}
