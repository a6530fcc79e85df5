package cli

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
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
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	ask := func(url string) verdict {
		d := doctor{}
		d.answers(t.Context(), "etcd", url)
		return d.findings[0].State
	}
	if got := ask(server.URL); got != good {
		t.Errorf("one that answers: %s", got)
	}
	status = http.StatusServiceUnavailable
	if got := ask(server.URL); got != wrong {
		t.Errorf("one that is ill: %s", got)
	}
	server.Close()
	if got := ask(server.URL); got != absent {
		t.Errorf("one that is not there: %s", got)
	}
}
