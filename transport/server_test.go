package transport_test

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/transport"
)

// TestProbeConnectsByDefault: to an address that nobody has bound, it cannot.
func TestProbeConnectsByDefault(t *testing.T) {
	for name, tt := range map[string]struct {
		addr net.Addr
		want string
	}{
		"all interfaces": {listen(t, ":0").Addr(), ""},
		"none":           {nil, ""},
		"closed":         {closedAddr(t), "self-probe: dial tcp"},
	} {
		r := newRecord()
		f := newFake(r, "tcp")
		f.Addr, f.Probe = tt.addr, nil
		ctx, cancel := context.WithCancel(t.Context())
		err := transport.Serve(ctx, transport.Config{
			Servers:     []transport.Server{f.Server},
			Registrar:   &fakeRegistrar{record: r, register: cancel},
			Propagation: -1,
		})
		cancel()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
		if r.has("register") != (tt.want == "") {
			t.Errorf("%s: steps %q", name, r.all())
		}
	}
}

func closedAddr(t *testing.T) net.Addr {
	l := listen(t, "127.0.0.1:0")
	_ = l.Close()
	return l.Addr()
}
