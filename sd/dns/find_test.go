package dns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/kitgen/kitgen/sd"
)

// scripted answers from zone-file lines. A line that begins with "+" comes
// along with every answer; "!name" fails.
func scripted(tb testing.TB, lines ...string) asker {
	tb.Helper()
	var records, extra []dns.RR
	failing := map[string]bool{}
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "!"):
			failing[line[1:]] = true
		case strings.HasPrefix(line, "+"):
			extra = append(extra, record(tb, line[1:]))
		default:
			records = append(records, record(tb, line))
		}
	}
	return func(_ context.Context, name string, kind uint16) (*dns.Msg, error) {
		if failing[name] || failing[dns.TypeToString[kind]] {
			return nil, errors.New("out of order")
		}
		m := new(dns.Msg)
		m.SetQuestion(name, kind)
		m.Extra = extra
		for _, rr := range records {
			if !strings.EqualFold(rr.Header().Name, name) {
				continue
			}
			switch rr.Header().Rrtype {
			case kind, dns.TypeCNAME:
				m.Answer = append(m.Answer, rr)
			case dns.TypeSOA:
				m.Ns = append(m.Ns, rr)
			}
		}
		return m, nil
	}
}

func brief(set []sd.Instance) string {
	var list []string
	for _, in := range set {
		text := in.Addr
		if in.Weight != 1 {
			text += fmt.Sprintf("*%d", in.Weight)
		}
		if in.State != sd.Up {
			text += "(" + in.State.String() + ")"
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
}

type findCase struct {
	zone    []string
	cfg     Config
	want    string // the set, or what the error says
	ttl     time.Duration
	decided bool
}

func (c findCase) check(t *testing.T, name string, f finding, err error) {
	t.Helper()
	sortSet(f.set)
	got := brief(f.set)
	if err != nil {
		got, f.ttl = err.Error(), c.ttl
	}
	if got != c.want && (err == nil || !strings.Contains(got, c.want)) || f.ttl != c.ttl || f.decided != c.decided {
		t.Errorf("%s: got %q, TTL %s, decided %t; want %+v", name, got, f.ttl, f.decided, c)
	}
}

func TestFindHost(t *testing.T) {
	for name, c := range map[string]findCase{
		"one":           {zone: []string{"x. 60 A 10.0.0.1"}, want: "10.0.0.1:80", ttl: time.Minute},
		"both families": {zone: []string{"x. 60 A 10.0.0.2", "x. 9 AAAA 2001:db8::7", "x. 60 A 10.0.0.1"}, want: "10.0.0.1:80 10.0.0.2:80 [2001:db8::7]:80", ttl: 9 * time.Second},
		"IPv4 only":     {cfg: Config{Family: "ipv4"}, zone: []string{"x. 60 A 10.0.0.2", "x. 9 AAAA 2001:db8::7", "!AAAA"}, want: "10.0.0.2:80", ttl: time.Minute},
		"IPv6 only":     {cfg: Config{Family: "ipv6"}, zone: []string{"x. 60 A 10.0.0.2", "x. 9 AAAA 2001:db8::7", "!A"}, want: "[2001:db8::7]:80", ttl: 9 * time.Second},
		"mapped":        {zone: []string{"x. 60 A 10.0.0.1", "x. 60 AAAA ::ffff:10.0.0.1"}, want: "10.0.0.1:80", ttl: time.Minute},
		"one twice":     {zone: []string{"x. 60 A 10.0.0.1", "x. 60 A 10.0.0.1"}, want: "10.0.0.1:80", ttl: time.Minute},
		"nowhere":       {zone: []string{"x. 60 A 0.0.0.0", "x. 60 A 10.0.0.1"}, want: "0.0.0.0:80 10.0.0.1:80", ttl: time.Minute}, // sd reports and drops the first
		"none":          {want: ""},
		"none for long": {zone: []string{"x. 30 SOA ns. me. 1 1 1 1 20"}, want: "", ttl: 20 * time.Second},
		"none briefly":  {zone: []string{"x. 10 SOA ns. me. 1 1 1 1 20"}, want: "", ttl: 10 * time.Second},
		"TTL 0":         {zone: []string{"x. 0 A 10.0.0.1"}, want: "10.0.0.1:80"},
		"TTL negative":  {zone: []string{"x. 4294967295 A 10.0.0.1"}, want: "10.0.0.1:80"},
		"CNAME":         {zone: []string{"x. 5 CNAME Y.", "y. 60 A 10.0.0.1"}, want: "10.0.0.1:80", ttl: 5 * time.Second},
		"CNAMEs":        {zone: []string{"x. 50 CNAME y.", "y. 5 CNAME z.", "z. 60 AAAA 2001:db8::7"}, want: "[2001:db8::7]:80", ttl: 5 * time.Second},
		"CNAME circle":  {zone: []string{"x. 50 CNAME y.", "y. 5 CNAME x."}, want: "8 CNAMEs, and one itself: mend the zone"},
		"CNAME to self": {zone: []string{"x. 50 CNAME x."}, want: "", ttl: 0},
		"other class":   {zone: []string{"x. 60 CH A 10.0.0.1"}, want: ""},
		"A fails":       {zone: []string{"!A", "x. 60 AAAA 2001:db8::7"}, want: "out of order"},
		"AAAA fails":    {zone: []string{"!AAAA", "x. 60 A 10.0.0.1"}, want: "out of order"},
	} {
		r := &resolver{cfg: c.cfg}
		f, err := r.findHost(t.Context(), scripted(t, c.zone...), "x.", "80")
		c.check(t, name, f, err)
	}
}

func TestFindSRV(t *testing.T) {
	hosts := []string{"a. 30 A 10.0.0.1", "b. 40 A 10.0.0.2", "c. 50 A 10.0.0.3"}
	for name, c := range map[string]findCase{
		"weights":          {zone: append(hosts, "x. 60 SRV 0 5 80 a.", "x. 60 SRV 0 0 81 b.", "x. 60 SRV 0 65535 82 c."), want: "10.0.0.1:80*5 10.0.0.2:81 10.0.0.3:82*65535", ttl: 30 * time.Second},
		"lowest priority":  {zone: append(hosts, "x. 60 SRV 7 1 80 c.", "x. 60 SRV 5 1 80 a.", "x. 60 SRV 5 1 80 b.", "x. 60 SRV 65535 1 80 c."), want: "10.0.0.1:80 10.0.0.2:80", ttl: 30 * time.Second},
		"highest priority": {zone: append(hosts, "x. 60 SRV 65535 1 80 a."), want: "10.0.0.1:80", ttl: 30 * time.Second},
		"two ports":        {zone: append(hosts, "x. 60 SRV 0 1 80 a.", "x. 60 SRV 0 1 81 a."), want: "10.0.0.1:80 10.0.0.1:81", ttl: 30 * time.Second},
		"one twice":        {zone: append(hosts, "x. 60 SRV 0 1 80 a.", "x. 60 SRV 0 3 80 A."), want: "10.0.0.1:80*3", ttl: 30 * time.Second},
		"many addresses":   {zone: append(hosts, "a. 60 AAAA 2001:db8::7", "x. 60 SRV 0 2 80 a."), want: "10.0.0.1:80*2 [2001:db8::7]:80*2", ttl: 30 * time.Second},
		"addresses added":  {zone: []string{"x. 60 SRV 0 1 80 a.", "+A. 7 A 10.0.0.9", "+a. 8 AAAA 2001:db8::9", "!a.", "+other. 60 A 10.0.0.8", "+a. 60 CH A 10.0.0.7"}, want: "10.0.0.9:80 [2001:db8::9]:80", ttl: 7 * time.Second},
		"family added":     {cfg: Config{Family: "ipv6"}, zone: []string{"x. 60 SRV 0 1 80 a.", "+a. 7 A 10.0.0.9", "a. 5 AAAA 2001:db8::9"}, want: "[2001:db8::9]:80", ttl: 5 * time.Second},
		"port 0":           {zone: append(hosts, "x. 60 SRV 0 1 0 a.", "x. 60 SRV 0 1 80 b."), want: "10.0.0.1:0 10.0.0.2:80", ttl: 30 * time.Second}, // sd reports and drops the first
		"target is none":   {zone: append(hosts, "x. 60 SRV 0 1 80 none.", "x. 60 SRV 0 1 80 b."), want: "10.0.0.2:80"},
		"target fails":     {zone: append(hosts, "x. 60 SRV 0 1 80 a.", "x. 60 SRV 0 1 80 b.", "!b."), want: "out of order"},
		"not available":    {zone: []string{"x. 60 SRV 0 0 0 ."}, want: "", ttl: time.Minute, decided: true},
		"dot beside one":   {zone: append(hosts, "x. 60 SRV 0 0 0 .", "x. 60 SRV 1 1 80 a."), want: "10.0.0.1:80", ttl: 30 * time.Second},
		"none":             {want: ""},
		"CNAME":            {zone: append(hosts, "x. 3 CNAME y.", "y. 60 SRV 0 1 80 a."), want: "10.0.0.1:80", ttl: 3 * time.Second},
		"fails":            {zone: []string{"!SRV"}, want: "out of order"},
	} {
		r := &resolver{cfg: c.cfg}
		f, err := r.findSRV(t.Context(), scripted(t, c.zone...), "x.")
		c.check(t, name, f, err)
	}
}

// FuzzMessage reads whatever a server may send, as an answer to either kind of
// question.
func FuzzMessage(f *testing.F) {
	for _, lines := range [][]string{
		{"x. 60 SRV 0 5 80 a.", "x. 60 SRV 1 5 80 b.", "+a. 60 A 10.0.0.1"},
		{"x. 60 SRV 0 0 0 ."},
		{"x. 60 A 10.0.0.1", "x. 60 CNAME y."},
		{"x. 60 AAAA 2001:db8::7", "x. 60 SOA ns. me. 1 1 1 1 20"},
	} {
		for _, kind := range []uint16{dns.TypeSRV, dns.TypeA, dns.TypeAAAA} {
			m, err := scripted(f, lines...)(f.Context(), "x.", kind)
			if err != nil {
				f.Fatal(err)
			}
			m.Response = true
			packed, err := m.Pack()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(packed)
		}
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		m := new(dns.Msg)
		if m.Unpack(packed) != nil {
			return
		}
		ask := func(_ context.Context, name string, kind uint16) (*dns.Msg, error) {
			return m, settles(m, name, kind)
		}
		always := func(context.Context, string, uint16) (*dns.Msg, error) { return m, nil }
		r := &resolver{}
		for _, ask := range []asker{ask, always} {
			for _, find := range []func() (finding, error){
				func() (finding, error) { return r.findSRV(t.Context(), ask, "x.") },
				func() (finding, error) { return r.findHost(t.Context(), ask, "x.", "80") },
			} {
				got, err := find()
				if err != nil {
					continue
				}
				seen := map[string]bool{}
				for _, in := range got.set {
					if seen[in.Addr] || in.Weight < 1 || in.Weight > 65535 || got.decided || got.ttl < 0 {
						t.Fatalf("found %+v", got)
					}
					seen[in.Addr] = true
				}
			}
		}
	})
}
