package interop

import (
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/kit/sd/eureka"
	"github.com/hudl/fargo"
)

// registry is as much of a Eureka server as fargo needs, for one application.
type registry struct {
	mu        sync.Mutex        // guards the fields below
	instances map[string]string // ID to XML
	gone      bool              // it answers everybody with an error
	failed    chan struct{}     // closed at the first such answer
}

func newRegistry(t *testing.T) (r *registry, url string) {
	t.Helper()
	r = &registry{instances: make(map[string]string), failed: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /apps/{app}", r.app)
	mux.HandleFunc("POST /apps/{app}", r.register)
	mux.HandleFunc("GET /apps/{app}/{id}", r.instance)
	mux.HandleFunc("PUT /apps/{app}/{id}", r.instance) // a heartbeat
	mux.HandleFunc("DELETE /apps/{app}/{id}", r.deregister)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	t.Cleanup(fargo.HttpClient.CloseIdleConnections) // of the whole process, but this is the only test that has any
	return r, s.URL
}

// app answers 404 for an application that has no instances, as Eureka does.
func (r *registry) app(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.gone:
		select {
		case <-r.failed:
		default:
			close(r.failed)
		}
		http.Error(w, "out of order", http.StatusServiceUnavailable)
	case len(r.instances) == 0:
		http.NotFound(w, req)
	default:
		fmt.Fprintf(w, "<application><name>%s</name>", req.PathValue("app"))
		for _, text := range r.instances {
			io.WriteString(w, text)
		}
		io.WriteString(w, "</application>")
	}
}

func (r *registry) register(w http.ResponseWriter, req *http.Request) {
	text, err := io.ReadAll(req.Body)
	var in fargo.Instance
	if err == nil {
		err = xml.Unmarshal(text, &in)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.instances[in.Id()] = string(text)
	w.WriteHeader(http.StatusNoContent)
}

func (r *registry) instance(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, ok := r.instances[req.PathValue("id")]
	if !ok {
		http.NotFound(w, req)
		return
	}
	io.WriteString(w, text)
}

func (r *registry) deregister(_ http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.instances, req.PathValue("id"))
}

func (r *registry) fail(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = yes
}

// registrar is go-kit's, of an instance at addr.
func registrar(t *testing.T, conn *fargo.EurekaConnection, addr string) *eureka.Registrar {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return eureka.NewRegistrar(conn, &fargo.Instance{
		HostName:       strings.ReplaceAll(addr, ":", "-"), // its ID
		App:            "ADDSVC",
		IPAddr:         host,
		Port:           n,
		PortEnabled:    true,
		Status:         fargo.UP,
		DataCenterInfo: fargo.DataCenterInfo{Name: fargo.MyOwn},
	}, logger(t))
}

func TestEureka(t *testing.T) {
	t.Parallel()
	server, url := newRegistry(t)
	conn := fargo.NewConn(url)
	conn.PollInterval = 5 * time.Millisecond
	a, b := replica(t), replica(t)
	first, second := registrar(t, &conn, a), registrar(t, &conn, b)
	first.Register()
	t.Cleanup(first.Deregister)

	instances := eureka.NewInstancer(&conn, "ADDSVC", logger(t))
	t.Cleanup(instances.Stop)
	c := clientOf(t, instances)
	c.becomes(a)
	second.Register()
	c.becomes(a, b)
	second.Deregister()
	c.becomes(a)

	server.fail(true)
	<-server.failed
	c.served(a) // what is known stays
	server.fail(false)
	second.Register()
	t.Cleanup(second.Deregister)
	c.becomes(a, b)
}
