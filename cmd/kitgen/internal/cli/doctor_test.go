package cli

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

func TestDoctorFindsAPortThatIsTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var out bytes.Buffer
	d := doctor{Console: &console.Console{Out: &out}}
	d.ports(&project.Manifest{Transports: []string{"http", "grpc"}}, map[string]string{"http": l.Addr().String(), "grpc": "127.0.0.1:0"})
	if err := d.print(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"!!  port      KG080: http cannot listen on " + l.Addr().String(), "-http-addr :0", "ok  port      127.0.0.1:0 is free, for grpc\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("did not print %q:\n%s", want, &out)
		}
	}
}

func TestDoctorAsksTheRegistry(t *testing.T) {
	status, body := http.StatusOK, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	for _, tt := range []struct {
		registry, body string
		status         int
		want           verdict
	}{
		{"etcd", `{"health":"true","reason":""}`, http.StatusOK, good},
		{"etcd", `{"health":"false","reason":"RAFT NO LEADER"}`, http.StatusServiceUnavailable, wrong},
		{"etcd", "<html>Welcome to nginx</html>", http.StatusOK, wrong},
		{"consul", `"127.0.0.1:8300"`, http.StatusOK, good},
		{"consul", `""`, http.StatusOK, wrong}, // no leader
		{"consul", "No cluster leader", http.StatusInternalServerError, wrong},
	} {
		status, body = tt.status, tt.body
		d := doctor{}
		d.answers(t.Context(), tt.registry, server.URL)
		if got := d.findings[0]; got.State != tt.want || got.State == wrong && got.Mend == "" {
			t.Errorf("%s that says %s: %+v", tt.registry, tt.body, got)
		}
	}
	server.Close()
	d := doctor{}
	d.answers(t.Context(), "etcd", server.URL)
	if got := d.findings[0].State; got != absent {
		t.Errorf("one that is not there: %s", got)
	}
}

func TestDoctorAsksTheDaemon(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the docker here is a script")
	}
	for _, tt := range []struct {
		script string // none if there is no docker
		want   verdict
		text   string
	}{
		{"", absent, "is not there"},
		{"#!/bin/sh\necho 28.2.2\n", good, "its daemon answers, 28.2.2"},
		{"#!/bin/sh\necho; echo 'Cannot connect to the Docker daemon' >&2; exit 1\n", absent, "no daemon answers it: Cannot connect to the Docker daemon"},
		{"#!/bin/sh\nexit 0\n", absent, "no daemon answers it: it says nothing"},
	} {
		dir := t.TempDir()
		if tt.script != "" {
			if err := os.WriteFile(filepath.Join(dir, "docker"), []byte(tt.script), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("PATH", dir)
		d := doctor{}
		d.docker(t.Context())
		if got := d.findings[0]; got.State != tt.want || !strings.Contains(got.Text, tt.text) {
			t.Errorf("%q: %+v", tt.script, got)
		}
	}
}

func TestDoctorFindsWhatIsVendoredAbove(t *testing.T) {
	dir := t.TempDir()
	d := doctor{dir: filepath.Join(dir, "services", "greeter")}
	if d.vendored() {
		t.Error("it finds some where nothing is vendored")
	}
	if err := os.Mkdir(filepath.Join(dir, "vendor"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "vendor", "modules.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !d.vendored() {
		t.Error("it does not find what is vendored above")
	}
}
