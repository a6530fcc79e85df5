package transport_test

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/kitgen/kitgen/transport"
)

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := transport.Listen("addr", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestListenSaysWhatIsWrongAndTheMend(t *testing.T) {
	taken := listen(t, "127.0.0.1:0").Addr().String()
	for name, tt := range map[string]struct {
		flag, addr, want string
	}{
		"in use":       {"http-addr", taken, "-http-addr " + taken + ": address already in use; stop the process that has it or pass another -http-addr, such as :0"},
		"dashed flag":  {"-grpc-addr", taken, "-grpc-addr " + taken + ": address already in use; stop the process that has it or pass another -grpc-addr, such as :0"},
		"not ours":     {"http-addr", "192.0.2.1:0", "-http-addr 192.0.2.1:0: cannot assign requested address; no interface of this machine has that address; pass a -http-addr such as :8080 to listen on all"},
		"no port":      {"http-addr", "127.0.0.1", "-http-addr 127.0.0.1: missing port in address; pass -http-addr as host:port or :port, such as :8080"},
		"too high":     {"http-addr", ":70000", "-http-addr :70000: invalid port; pass -http-addr as host:port or :port, such as :8080"},
		"not a number": {"http-addr", ":htpp", `-http-addr :htpp: lookup tcp/htpp: unknown port; pass -http-addr as host:port or :port, such as :8080`},
		"empty":        {"http-addr", "", `-http-addr is empty; pass -http-addr as host:port or :port, such as :8080`},
	} {
		l, err := transport.Listen(tt.flag, tt.addr)
		if err == nil {
			_ = l.Close()
			t.Errorf("%s: bound %s", name, l.Addr())
			continue
		}
		if err.Error() != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, err, tt.want)
		}
	}
	if _, err := transport.Listen("addr", taken); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("%v does not unwrap to the system's error", err)
	}
}

func TestAdvertise(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, tt := range []struct{ host, want string }{
		{"127.0.0.1", "127.0.0.1:" + port},
		{"localhost", "localhost:" + port},
		{"addsvc.internal", "addsvc.internal:" + port},
		{"10.1.2.3", "10.1.2.3:" + port},
		{"10.1.2.3:443", "10.1.2.3:443"},
		{"fd00::1", "[fd00::1]:" + port},
		{"[fd00::1]:443", "[fd00::1]:443"},
	} {
		if got, err := transport.Advertise(l, tt.host); got != tt.want || err != nil {
			t.Errorf("%q: %q, %v, want %q", tt.host, got, err, tt.want)
		}
	}
	for _, host := range []string{"0.0.0.0", "::", "[::]:80", "0.0.0.0:80", ":80", "a:0", "a:http", "a:65536"} {
		if got, err := transport.Advertise(l, host); err == nil || !strings.HasPrefix(err.Error(), "advertise "+host+": ") {
			t.Errorf("%q: %q, %v, want an error that names it", host, got, err)
		}
	}
}

func TestAdvertiseTheLoopbackOnlyIfTold(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "[::1]:0"} {
		l := listen(t, addr)
		if got, err := transport.Advertise(l, ""); err == nil || !strings.Contains(err.Error(), "only this machine can dial it") {
			t.Errorf("%s advertises %q, %v", addr, got, err)
		}
	}
}

func TestAdvertiseOfAllInterfacesCanBeDialled(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0"} {
		l := listen(t, addr)
		got, err := transport.Advertise(l, "")
		if err != nil && strings.Contains(err.Error(), "only this machine") && !networked(t) {
			t.Logf("%s: %v", addr, err)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		ap, err := netip.ParseAddrPort(got)
		if err != nil || ap.Addr().IsUnspecified() || ap.Port() == 0 {
			t.Errorf("%s advertises %s, %v", addr, got, err)
		}
		c, err := net.Dial("tcp", got)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		_ = c.Close()
	}
}

// networked says whether this machine has an address that is not the loopback's.
func networked(t *testing.T) bool {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			return true
		}
	}
	return false
}

func TestAdvertiseNeedsTCP(t *testing.T) {
	l, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got, err := transport.Advertise(l, ""); err == nil {
		t.Errorf("a unix socket advertises %q", got)
	}
}
