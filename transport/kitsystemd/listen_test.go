package kitsystemd_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/kitgen/kitgen/transport/kitsystemd"
)

// TestMain makes the test binary the program that systemd would start, if a test
// runs it as one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "activated" {
		activated(os.Args[2:])
		return
	}
	goleak.VerifyTestMain(m)
}

// activated takes a socket by each name and prints where it listens, or why
// not. A parent cannot know its child's pid before, so it sets LISTEN_PID itself.
func activated(names []string) {
	_ = os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	for _, name := range names {
		l, err := kitsystemd.Listen(name, "http-addr", "127.0.0.1:0")
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(l.Addr())
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			fmt.Println(err)
			continue
		}
		_ = c.Close()
		if c, err = l.Accept(); err == nil {
			_ = c.Close()
		}
		_ = l.Close()
	}
}

// activate runs the program with sockets that are bound here, as systemd does.
func activate(t *testing.T, fdnames string, files []*os.File, names ...string) []string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, append([]string{"activated"}, names...)...)
	cmd.Env = append(os.Environ(), "LISTEN_FDS="+strconv.Itoa(len(files)))
	if fdnames != "" {
		cmd.Env = append(cmd.Env, "LISTEN_FDNAMES="+fdnames)
	}
	cmd.ExtraFiles = files // from 3 on
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(bytes.TrimSpace(out)), "\n")
}

// bound is a socket and where it is.
func bound(t *testing.T) (f *os.File, addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if f, err = l.(*net.TCPListener).File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, l.Addr().String()
}

func TestListenTakesSystemdsSockets(t *testing.T) {
	web, webAddr := bound(t)
	rpc, rpcAddr := bound(t)
	got := activate(t, "web:rpc", []*os.File{web, rpc}, "rpc", "web", "other", "web")
	if len(got) != 4 || got[0] != rpcAddr || got[1] != webAddr {
		t.Fatalf("got %q, want %s and %s first", got, rpcAddr, webAddr)
	}
	for i, addr := range got[2:] {
		if addr == webAddr || addr == rpcAddr || !strings.HasPrefix(addr, "127.0.0.1:") {
			t.Errorf("%s: %s, want a port of its own", []string{"a name nobody passed", "one that was taken"}[i], addr)
		}
	}
}

func TestListenWithoutNames(t *testing.T) {
	web, addr := bound(t)
	if got := activate(t, "", []*os.File{web}, "unknown"); got[0] != addr {
		t.Errorf("got %q, want %s", got, addr)
	}
}

func TestListenSaysWhatIsWrong(t *testing.T) {
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	f, err := udp.(*net.UDPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := activate(t, "web", []*os.File{f}, "web"); !strings.Contains(got[0], `systemd's socket "web" (file descriptor 3)`) || !strings.Contains(got[0], "ListenStream=") {
		t.Errorf("a socket for datagrams: %q", got)
	}
	if got := activate(t, "a:b", []*os.File{f}, "a"); !strings.Contains(got[0], `LISTEN_FDNAMES is "a:b" and LISTEN_FDS 1`) {
		t.Errorf("two names for one socket: %q", got)
	}
	t.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	t.Setenv("LISTEN_FDS", "some")
	if _, err := kitsystemd.Listen("web", "http-addr", ":0"); err == nil || !strings.HasPrefix(err.Error(), `LISTEN_FDS is "some"`) {
		t.Errorf("no number: %v", err)
	}
}

// TestListenLeavesOthersSockets: those of a parent, which a child sees in its
// environment.
func TestListenLeavesOthersSockets(t *testing.T) {
	t.Setenv("LISTEN_PID", strconv.Itoa(os.Getppid()))
	t.Setenv("LISTEN_FDS", "1")
	t.Setenv("LISTEN_FDNAMES", "web")
	l, err := kitsystemd.Listen("web", "http-addr", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	_, err = kitsystemd.Listen("web", "http-addr", "nowhere")
	if err == nil || !strings.HasPrefix(err.Error(), "-http-addr nowhere: ") {
		t.Errorf("an address that is none: %v", err)
	}
}
