package sd

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValidAddresses(t *testing.T) {
	for _, addr := range []string{
		"localhost:80", "127.0.0.1:1", "10.0.0.7:65535", "[::1]:80", "[2001:db8::1]:8080", "a.b-c.example.:443", "my_host:80",
		"EXAMPLE:80", "xn--bcher-kva.example:80", "1password.com:443",
	} {
		if err := (Instance{Addr: addr}).Validate(); err != nil {
			t.Errorf("%q: %v", addr, err)
		}
	}
}

func TestInvalidAddresses(t *testing.T) {
	for addr, want := range map[string]string{
		"":                               "no address: set Addr",
		"host":                           "is not host:port",
		":80":                            "no host",
		"host:":                          `port "" is not a number`,
		"host:0":                         `port "0"`,
		"host:-1":                        `port "-1"`,
		"host:+1":                        `port "+1"`,
		"host:080":                       `port "080"`,
		"host:65536":                     `port "65536"`,
		"host:http":                      `port "http"`,
		"host:80:80":                     "is not host:port",
		"::1:80":                         "an IPv6 host needs brackets",
		"[::1]":                          "is not host:port",
		"[fe80::1%eth0]:80":              "has a zone",
		"[host:x]:80":                    "is no IPv6 address",
		"0.0.0.0:80":                     "where a server listens",
		"[::]:80":                        "where a server listens",
		"[::ffff:0.0.0.0]:80":            "where a server listens",
		"224.0.0.1:80":                   "multicast",
		"[ff02::1]:80":                   "multicast",
		"256.0.0.1:80":                   "neither an IP address nor a name",
		"a b:80":                         "cannot be part of a host name",
		"a\n:80":                         "cannot be part of a host name",
		"a\x00:80":                       "cannot be part of a host name",
		"http://a:80":                    "is not host:port",
		"user:hunter2@a:80":              "without user and password",
		"http://user:hunter2@a:80":       "without user and password",
		"user@a:80":                      "without user and password",
		"a/b:80":                         "cannot be part of a host name",
		"bücher.example:80":              "punycode",
		"a..b:80":                        "label that is empty",
		"-a:80":                          "hyphen",
		"a-.b:80":                        "hyphen",
		"unix:/run/a.sock":               "port",
		longText(254) + ":80":            "254 bytes",
		longText(300) + ":80":            "303 bytes",
		"\xff:80":                        "cannot be part of a host name",
		strings.Repeat("a.", 2) + ".:80": "label that is empty",
	} {
		err := Instance{ID: "x", Addr: addr}.Validate()
		if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid with %q", quote(addr), err, want)
		}
		if anonymous := (Instance{Addr: addr}).Validate(); strings.Contains(err.Error(), "hunter2") || strings.Contains(anonymous.Error(), "hunter2") {
			t.Errorf("%v, or %v, shows the password", err, anonymous)
		}
	}
}

func TestInvalidFields(t *testing.T) {
	for want, in := range map[string]Instance{
		"weight -1 is outside 0 to 1000000":      {Weight: -1},
		"weight 1000001 is outside 0 to 1000000": {Weight: 1000001},
		"unknown state State(9)":                 {State: 9},
		"the ID has 600 bytes":                   {ID: longText(600)},
		`ID "a\n" has control characters`:        {ID: "a\n"},
		`Zone "\xff" has control`:                {Zone: "\xff"},
		`Version "\x1b[31m" has control`:         {Version: "\x1b[31m"},
		`tag "a\x00" has control`:                {Tags: []string{"fine", "a\x00"}},
		`meta key "" is empty`:                   {Meta: map[string]string{"": "x"}},
		`meta key "b\r" is empty, has control`:   {Meta: map[string]string{"c\n": "x", "b\r": "x", "a": "x"}},
		`meta "k": the value is not UTF-8`:       {Meta: map[string]string{"k": "\xff"}},
		"at most 65536 are read":                 {Meta: map[string]string{"k": longText(70000)}},
	} {
		in.Addr = "a:80"
		if err := in.Validate(); err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, ErrInvalid) {
			t.Errorf("got %v, want ErrInvalid with %q", err, want)
		} else if len(err.Error()) > 400 {
			t.Errorf("an error of %d bytes is too long for a log line", len(err.Error()))
		}
	}
}

func TestClean(t *testing.T) {
	got, faults := clean([]Instance{
		{ID: "d", Addr: "d:80", Weight: -4},
		{ID: "c", Addr: "c:0"},
		{ID: "b", Addr: "b:80", State: Draining},
		{Addr: "a:80", Weight: 2_000_000, State: 77},
		{ID: "b", Addr: "b:81"},
		{ID: "", Addr: ""},
	}, "")
	want := []Instance{
		{ID: "a:80", Addr: "a:80", Weight: MaxWeight, State: Critical},
		{ID: "b", Addr: "b:81"},
		{ID: "d", Addr: "d:80"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(faults) != 2 || faults[0].id != "" || faults[1].id != "c" {
		t.Errorf("got faults %v, want one for the instance without an address and one for c", faults)
	}
}

func TestCleanTakesTheAddressOfTheTransport(t *testing.T) {
	in := []Instance{
		{Addr: "a:80", Meta: map[string]string{"grpc": "a:81"}},
		{Addr: "b:80"},
		{Addr: "c:80", Meta: map[string]string{"grpc": "c"}},
	}
	got, faults := clean(in, "grpc")
	want := []Instance{{ID: "a:80", Addr: "a:81", Meta: in[0].Meta}, {ID: "b:80", Addr: "b:80"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(faults) != 1 || faults[0].id != "c:80" {
		t.Errorf("got faults %v, want one for c:80, whose gRPC address is none", faults)
	}
	if in[0].Addr != "a:80" {
		t.Error("clean changed its argument")
	}
}

// FuzzClean builds sets from text, one field a tab and one instance a line,
// and checks that what comes out can be relied on and does not depend on the
// order in which a registry lists.
func FuzzClean(f *testing.F) {
	f.Add("a\ta:80\tz\nb\tb:80\t\n", uint8(0), int64(5))
	f.Add("a\ta:80\nb\ta:80\na\tc:80\n", uint8(2), int64(-1))
	f.Add("\t[::1]:80\n\thttp://x:1\n\t0.0.0.0:1\n..\t%zz:1\n", uint8(9), int64(1<<40))
	f.Add("x\ta:80\tz1\nx\ta:80\tz2\nx\ta:80\tz1\n", uint8(1), int64(0))
	f.Fuzz(func(t *testing.T, text string, state uint8, weight int64) {
		var list []Instance
		for n, l := range strings.Split(text, "\n") {
			fields := append(strings.Split(l, "\t"), "", "", "")
			list = append(list, Instance{
				ID: fields[0], Addr: fields[1], Zone: fields[2], State: State(state) % (State(n) + 2), Weight: int(weight) * n,
				Meta: map[string]string{"grpc": fields[2]},
			})
		}
		good, faults := clean(list, "")
		for i, in := range good {
			if err := in.Validate(); err != nil {
				t.Errorf("let through: %v", err)
			}
			if i > 0 && good[i-1].ID >= in.ID {
				t.Errorf("%q after %q", in.ID, good[i-1].ID)
			}
		}
		for _, fault := range faults {
			if !printable(fault.err.Error()) {
				t.Errorf("fault that is not fit for a log: %q", fault.err)
			}
		}
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		again, faultsAgain := clean(list, "")
		if diff := cmp.Diff(good, again); diff != "" {
			t.Errorf("depends on the order (-first +again):\n%s", diff)
		}
		if a, b := texts(faults), texts(faultsAgain); !slices.Equal(a, b) {
			t.Errorf("faults depend on the order: %q, then %q", a, b)
		}
	})
}

func texts(faults []fault) []string {
	var list []string
	for _, f := range faults {
		list = append(list, f.id+": "+f.err.Error())
	}
	return list
}

func TestStateString(t *testing.T) {
	if got := fmt.Sprint(Up, Warning, Draining, Critical, State(9)); got != "up warning draining critical State(9)" {
		t.Error(got)
	}
}

func TestNewID(t *testing.T) {
	a, b := NewID("addsvc"), NewID("addsvc")
	if a == b || !strings.HasPrefix(a, "addsvc-") {
		t.Errorf("got %q and %q", a, b)
	}
	if err := (Instance{ID: a, Addr: "a:80"}).Validate(); err != nil {
		t.Error(err)
	}
	for host, want := range map[string]string{
		"Web1.Example": "web1.example", "a_b c/é": "a-b-c--", longText(99): longText(63),
	} {
		if got := hostInID(host); got != want {
			t.Errorf("host %q stands as %q in an ID, want %q", host, got, want)
		}
	}
}

func ExampleInstance_Validate() {
	fmt.Println(Instance{ID: "web1", Addr: "0.0.0.0:8080"}.Validate())
	fmt.Println(Instance{ID: "web1", Addr: "10.0.0.7:8080"}.Validate())
	// Output:
	// invalid instance "web1": address "0.0.0.0:8080": 0.0.0.0 is where a server listens, not where it is reached: advertise its own address
	// <nil>
}
