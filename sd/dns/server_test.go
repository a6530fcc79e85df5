package dns

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// nameServer is a real one, over UDP and TCP, whose records a test changes.
type nameServer struct {
	addr string

	mu      sync.Mutex // guards the fields below
	records map[string][]dns.RR
	fault   func(w dns.ResponseWriter, r *dns.Msg) bool // may answer in its own way, and says whether it has
	asked   map[string]int                              // by network
}

// serve starts a server that ends with the test.
func serve(tb testing.TB, records ...string) *nameServer {
	tb.Helper()
	s := &nameServer{records: map[string][]dns.RR{}, asked: map[string]int{}}
	l, p := listen(tb)
	s.addr = l.Addr().String()
	for _, rr := range records {
		s.add(tb, rr)
	}
	var running sync.WaitGroup
	tb.Cleanup(running.Wait) // after both are shut down
	for _, server := range []*dns.Server{{Listener: l}, {PacketConn: p}} {
		server.Handler = dns.HandlerFunc(s.handle)
		started := make(chan struct{})
		server.NotifyStartedFunc = func() { close(started) }
		running.Go(func() {
			if err := server.ActivateAndServe(); err != nil {
				tb.Errorf("name server: %v", err)
			}
		})
		<-started
		tb.Cleanup(func() { _ = server.Shutdown() })
	}
	return s
}

// listen finds a port that is free for both.
func listen(tb testing.TB) (net.Listener, net.PacketConn) {
	tb.Helper()
	for range 50 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		if p, err := net.ListenPacket("udp", l.Addr().String()); err == nil {
			return l, p
		}
		_ = l.Close()
	}
	tb.Fatal("no port is free for UDP and TCP")
	return nil, nil
}

func record(tb testing.TB, text string) dns.RR {
	tb.Helper()
	rr, err := dns.NewRR(text)
	if err != nil || rr == nil {
		tb.Fatalf("record %q: %v", text, err)
	}
	return rr
}

func (s *nameServer) add(tb testing.TB, text string) {
	tb.Helper()
	rr := record(tb, text)
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.ToLower(rr.Header().Name)
	s.records[name] = append(s.records[name], rr)
}

func (s *nameServer) set(tb testing.TB, name string, texts ...string) {
	tb.Helper()
	list := make([]dns.RR, 0, len(texts))
	for _, text := range texts {
		list = append(list, record(tb, text))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records[name] = list
}

func (s *nameServer) remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, name)
}

// behave replaces the server's manners; nil restores them.
func (s *nameServer) behave(fault func(w dns.ResponseWriter, r *dns.Msg) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *nameServer) count(network string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[network]
}

func (s *nameServer) handle(w dns.ResponseWriter, r *dns.Msg) {
	s.mu.Lock()
	s.asked[w.LocalAddr().Network()]++
	fault := s.fault
	s.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	m := s.answer(r)
	if w.LocalAddr().Network() == "udp" {
		size := dns.MinMsgSize
		if opt := r.IsEdns0(); opt != nil {
			size = int(opt.UDPSize())
		}
		m.Truncate(size)
	}
	_ = w.WriteMsg(m)
}

func (s *nameServer) answer(r *dns.Msg) *dns.Msg {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := new(dns.Msg)
	m.SetReply(r)
	m.Authoritative = true
	m.Compress = true
	q := r.Question[0]
	list, ok := s.records[strings.ToLower(q.Name)]
	if !ok {
		m.Rcode = dns.RcodeNameError
	}
	for _, rr := range list {
		if rr.Header().Rrtype == q.Qtype || rr.Header().Rrtype == dns.TypeCNAME {
			m.Answer = append(m.Answer, rr)
		}
	}
	return m
}

// The manners of bad servers.

func silent(dns.ResponseWriter, *dns.Msg) bool { return true }

func says(rcode int) func(dns.ResponseWriter, *dns.Msg) bool {
	return func(w dns.ResponseWriter, r *dns.Msg) bool {
		_ = w.WriteMsg(new(dns.Msg).SetRcode(r, rcode))
		return true
	}
}

// tells answers with a changed message.
func tells(change func(*dns.Msg)) func(dns.ResponseWriter, *dns.Msg) bool {
	return func(w dns.ResponseWriter, r *dns.Msg) bool {
		m := new(dns.Msg)
		m.SetReply(r)
		m.RecursionAvailable = true
		change(m)
		_ = w.WriteMsg(m)
		return true
	}
}

func babbles(w dns.ResponseWriter, r *dns.Msg) bool {
	_, _ = w.Write([]byte{byte(r.Id >> 8), byte(r.Id), 0x80, 0, 0, 9, 0xff, 0xff, 1})
	return true
}
