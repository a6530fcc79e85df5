package kitdebug_test

import (
	"net"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/transport/kitdebug"
)

func TestListen(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		addr   string
		public bool
		want   string // the error; none if empty
	}{
		{"127.0.0.1:0", false, ""},
		{"localhost:0", false, ""},
		{":0", true, ""},
		{":0", false, "-debug-addr :0: other machines could read there what the process is doing; pass -debug-addr 127.0.0.1:0, or have the program say that this is wanted"},
		{"0.0.0.0:0", false, "-debug-addr 0.0.0.0:0: other machines"},
		{"[::]:0", false, "-debug-addr [::]:0: other machines"},
		{"127.0.0.1", false, "-debug-addr 127.0.0.1: "},
		{"", false, "-debug-addr is empty"},
	} {
		l, err := kitdebug.Listen("debug-addr", tt.addr, tt.public)
		switch {
		case tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("%q: %v, want %s", tt.addr, err, tt.want)
		case tt.want == "" && err != nil:
			if strings.Contains(err.Error(), "address family not supported") {
				continue
			}
			t.Errorf("%q: %v", tt.addr, err)
		}
		if l != nil {
			l.Close()
		}
	}
}

// TestARefusedPortIsFree for whoever passes another address.
func TestARefusedPortIsFree(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	if l, err := kitdebug.Listen("debug-addr", ":"+port, false); err == nil {
		l.Close()
		t.Fatal("it listens")
	}
	l, err = kitdebug.Listen("debug-addr", "127.0.0.1:"+port, false)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}
