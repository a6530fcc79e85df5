package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// quick is the timeout where servers stay silent, and enough for those that do
// answer.
const quick = 2 * time.Second

func TestClientAsksTheNext(t *testing.T) {
	t.Parallel()
	refused, err := net.ListenPacket("udp", "127.0.0.1:0") // nobody listens once it is closed
	if err != nil {
		t.Fatal(err)
	}
	_ = refused.Close()
	for name, fault := range map[string]func(dns.ResponseWriter, *dns.Msg) bool{
		"silent":           silent,
		"SERVFAIL":         says(dns.RcodeServerFailure),
		"REFUSED":          says(dns.RcodeRefused),
		"babbles":          babbles,
		"another question": tells(func(m *dns.Msg) { m.Question[0].Name = "evil." }),
		"another kind":     tells(func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeTXT }),
		"no question":      tells(func(m *dns.Msg) { m.Question = nil }),
		"a question":       tells(func(m *dns.Msg) { m.Response = false }),
		"another ID":       tells(func(m *dns.Msg) { m.Id++ }),
		"does not recurse": tells(func(m *dns.Msg) { m.RecursionAvailable = false }),
		"nobody listens":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad, good := serve(t), serve(t, "x. 60 A 10.0.0.1")
			bad.behave(fault)
			c := &client{servers: []string{bad.addr, good.addr}, timeout: quick}
			if fault == nil {
				c.servers[0] = refused.LocalAddr().String()
			}
			for range 2 {
				m, err := c.ask(t.Context(), "x.", dns.TypeA)
				if err != nil || len(m.Answer) != 1 {
					t.Fatal(m, err)
				}
			}
			if n := bad.count("udp"); n > 1 {
				t.Errorf("the bad one was asked %d times, though the good one is known", n)
			}
		})
	}
}

func TestClientSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, fault := range map[string]func(dns.ResponseWriter, *dns.Msg) bool{
		"it says SERVFAIL":             says(dns.RcodeServerFailure),
		"it says REFUSED":              says(dns.RcodeRefused),
		"it says NOTIMP":               says(dns.RcodeNotImplemented),
		"it answers another question":  tells(func(m *dns.Msg) { m.Question[0].Name = "evil." }),
		"name a server that recurses":  tells(func(m *dns.Msg) { m.RecursionAvailable = false }),
		"its answer does not even fit": tells(func(m *dns.Msg) { m.Truncated = true }),
		"unpack":                       babbles,
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			s.behave(fault)
			c := &client{servers: []string{s.addr}, timeout: 20 * time.Second}
			m, err := c.ask(t.Context(), "x.", dns.TypeSRV)
			prefix := fmt.Sprintf("ask %s for SRV of x.: ", s.addr)
			if want == "unpack" {
				want = prefix
			}
			if err == nil || !strings.HasPrefix(err.Error(), prefix) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, %v", m, err)
			}
			if n := s.count("udp"); n != 2 {
				t.Errorf("asked %d times, want 2", n)
			}
		})
	}
}

// TestSilenceEnds: a frozen server is given up.
func TestSilenceEnds(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.behave(silent)
	for _, tcp := range []bool{false, true} {
		c := &client{servers: []string{s.addr}, timeout: 50 * time.Millisecond, tcp: tcp}
		if _, err := c.ask(t.Context(), "x.", dns.TypeA); err == nil {
			t.Error("silence is an answer")
		}
	}
}

// TestCancel: the end of ctx is not delayed by a server that says nothing.
func TestCancel(t *testing.T) {
	t.Parallel()
	s := serve(t)
	asked := make(chan struct{}, 9)
	s.behave(func(dns.ResponseWriter, *dns.Msg) bool { asked <- struct{}{}; return true })
	reason := errors.New("enough")
	for _, tcp := range []bool{false, true} {
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error)
		go func() {
			c := &client{servers: []string{s.addr}, timeout: time.Hour, tcp: tcp}
			_, err := c.ask(ctx, "x.", dns.TypeA)
			done <- err
		}()
		<-asked
		cancel(reason)
		if err := <-done; !errors.Is(err, reason) {
			t.Errorf("got %v", err)
		}
	}
}

// TestTruncated: what does not fit a datagram comes over TCP, whole.
func TestTruncated(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const n = 300
	var records []string
	for i := range n {
		records = append(records, fmt.Sprintf("x. 60 A 10.0.%d.%d", i/250, i%250+1))
	}
	s.set(t, "x.", records...)
	cut := func(w dns.ResponseWriter, r *dns.Msg) bool { // in the midst of a record
		if w.LocalAddr().Network() == "tcp" {
			return false
		}
		m := s.answer(r)
		m.Truncated = true
		packed, err := m.Pack()
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(packed[:505])
		return true
	}
	for _, fault := range []func(dns.ResponseWriter, *dns.Msg) bool{nil, cut} {
		s.behave(fault)
		for _, tcp := range []bool{false, true} {
			c := &client{servers: []string{s.addr}, timeout: 20 * time.Second, tcp: tcp}
			if m, err := c.ask(t.Context(), "x.", dns.TypeA); err != nil || len(m.Answer) != n {
				t.Errorf("got %d records, %v", len(m.Answer), err)
			}
		}
	}
	if s.count("udp") != 2 || s.count("tcp") != 4 {
		t.Errorf("asked %d times over UDP and %d over TCP, want 2 and 4", s.count("udp"), s.count("tcp"))
	}
}

// TestCutWithoutSayingSo: a long answer over UDP is whole only if TCP says so,
// or nothing.
func TestCutWithoutSayingSo(t *testing.T) {
	t.Parallel()
	s := serve(t)
	var records []string
	for i := range 60 {
		records = append(records, fmt.Sprintf("x. 60 A 10.0.0.%d", i+1))
	}
	s.set(t, "x.", records...)
	cut := func(w dns.ResponseWriter, r *dns.Msg) bool {
		m := s.answer(r)
		if w.LocalAddr().Network() == "udp" {
			m.Answer = m.Answer[:40]
		}
		_ = w.WriteMsg(m)
		return true
	}
	deaf := func(w dns.ResponseWriter, r *dns.Msg) bool {
		return w.LocalAddr().Network() == "tcp" && says(dns.RcodeRefused)(w, r) || cut(w, r)
	}
	c := &client{servers: []string{s.addr}, timeout: 20 * time.Second}
	for _, step := range []struct {
		manners func(dns.ResponseWriter, *dns.Msg) bool
		want    int
	}{{cut, 60}, {deaf, 40}} {
		s.behave(step.manners)
		if m, err := c.ask(t.Context(), "x.", dns.TypeA); err != nil || len(m.Answer) != step.want {
			t.Errorf("got %v; want %d records", err, step.want)
		}
	}
}

func TestWatchFollowsTheZone(t *testing.T) {
	t.Parallel()
	s := serve(t, "addsvc.test. 1 A 10.0.0.1")
	w := watch(t, NewWatcher("addsvc.test:8080", Config{Servers: []string{s.addr}, MinRefresh: 10 * time.Millisecond, MaxRefresh: 20 * time.Millisecond}))
	w.comesTo(t, "10.0.0.1:8080")
	s.set(t, "addsvc.test.", "addsvc.test. 0 A 10.0.0.1", "addsvc.test. 0 AAAA 2001:db8::7")
	w.comesTo(t, "10.0.0.1:8080 [2001:db8::7]:8080")
	s.set(t, "addsvc.test.", "addsvc.test. 0 CNAME other.test.")
	s.add(t, "other.test. 0 A 10.0.0.9")
	w.comesTo(t, "10.0.0.9:8080")
	s.remove("other.test.")
	w.comesTo(t, "")
	s.behave(says(dns.RcodeServerFailure))
	<-w.done
	if want := `watch DNS name "addsvc.test:8080": ask ` + s.addr + " for A of addsvc.test.: it says SERVFAIL"; w.err == nil || w.err.Error() != want {
		t.Errorf("got %v, want %s", w.err, want)
	}
}

// TestNobodyIsAskedElsewhere: a server that lost its zone is doubted while
// another knows better.
func TestNobodyIsAskedElsewhere(t *testing.T) {
	t.Parallel()
	lost, good := serve(t), serve(t, "_a._tcp.x. 0 SRV 0 7 80 a.x.", "a.x. 0 A 10.0.0.1")
	w := watch(t, NewWatcher("_a._tcp.x", Config{Servers: []string{lost.addr, good.addr}, MinRefresh: 10 * time.Millisecond}))
	w.comesTo(t, "10.0.0.1:80*7")
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sets) != 1 || lost.count("udp") != 1 {
		t.Errorf("told %q", w.sets)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	l, p := listen(t)
	_ = l.Close()
	_ = p.Close()
	for _, tcp := range []bool{false, true} {
		w := watch(t, NewWatcher("x:80", Config{Servers: []string{l.Addr().String()}, TCP: tcp, Timeout: quick}))
		<-w.done
		if w.err == nil || !strings.Contains(w.err.Error(), "ask "+l.Addr().String()+" for A of x.: ") {
			t.Errorf("got %v", w.err)
		}
	}
}
