package render

import (
	"strings"
	"testing"
)

func TestUnserved(t *testing.T) {
	in := addsvc(t)
	in.Service = load(t, "addsvc", `package addsvc

import "context"

type Service interface {
	//kit:skip grpc
	Web(ctx context.Context) error
	//kit:skip grpc
	Page(ctx context.Context) error
}
`)
	for _, tt := range []struct{ transports, want string }{
		{"http grpc", "KG062: //kit:skip grpc leaves nothing to serve over grpc: leave grpc out of the service's transports, or a method in it"},
		{"grpc", "addsvc.go:9:2: KG062: Page is served over no wire: the service has grpc, which //kit:skip leaves out: remove the directive, or the method"},
		{"http", ""},
	} {
		in.Transports = strings.Fields(tt.transports)
		_, err := Render(in, tree(t))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s:\n got %v\nwant %s", tt.transports, err, tt.want)
		}
	}
}
