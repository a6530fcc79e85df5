package sd

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// recorded is a scheme that notes the targets it was asked to open.
func recorded(name string, seen *[]Target) Scheme {
	return Scheme{
		Name: name,
		Watcher: func(t Target) (Watcher, error) {
			*seen = append(*seen, t)
			if err := t.Only("ttl"); err != nil {
				return nil, err
			}
			if _, _, err := t.Service(); err != nil {
				return nil, err
			}
			return Fixed{{Addr: "10.0.0.1:80"}}, nil
		},
	}
}

func TestOpenGivesTheSchemeItsOwnParameters(t *testing.T) {
	var seen []Target
	i, err := Open("a://h:1/ns/svc?transport=grpc&ttl=3s&protection=off&hold-for=2m&max-backoff=1s&snapshot=%2Ftmp%2Fx", InstancerConfig{}, recorded("b", &seen), recorded("a", &seen))
	if err != nil {
		t.Fatal(err)
	}
	defer i.Stop()
	if len(seen) != 1 || seen[0].String() != "a://h:1/ns/svc?ttl=3s" {
		t.Errorf("the scheme was asked to open %v", seen)
	}
	for {
		s, newer := i.Snapshot()
		if s.Synced {
			if len(s.Instances) != 1 {
				t.Errorf("knows %+v", s)
			}
			return
		}
		<-newer
	}
}

func TestOpenConfigures(t *testing.T) {
	target, err := ParseTarget("a://h:1/svc?transport=grpc&protection=off&hold-for=2m&max-backoff=1s&snapshot=f")
	if err != nil {
		t.Fatal(err)
	}
	got, err := target.configure(InstancerConfig{MinBackoff: time.Second, Transport: "http"})
	want := InstancerConfig{MinBackoff: time.Second, Transport: "grpc", Protection: Off, HoldFor: 2 * time.Minute, MaxBackoff: time.Second, SnapshotFile: "f"}
	if err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		"h:1":                                 "no scheme",
		"c://h:1/svc":                         `no registry is called "c": have a, b`,
		"a://h:1":                             "a://h:1 names no service: write it after the hosts, as in a://h:1/addsvc",
		"a://h:1/x/y/z":                       "3 segments",
		"a://h:1/svc?tll=1s":                  `takes no parameter "tll"`,
		"a://h:1/svc?transport=a&transport=b": "2 times",
		"a://h:1/svc?protection=on":           "write hold or off",
		"a://h:1/svc?hold-for=-1s":            "write a duration",
		"a://h:1/svc?max-backoff=soon":        "write a duration",
	} {
		var seen []Target
		_, err := Open(in, InstancerConfig{}, recorded("b", &seen), recorded("a", &seen))
		if !errors.Is(err, ErrTarget) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want ErrTarget with %q", in, err, want)
		}
	}
	if _, err := OpenHolder("a://h:1/svc", recorded("a", new([]Target))); !errors.Is(err, ErrTarget) || !strings.Contains(err.Error(), "nobody can register in a") {
		t.Errorf("got %v", err)
	}
}

func TestTargetBool(t *testing.T) {
	target, _ := ParseTarget("a://h:1/svc?yes=true&no=false&odd=1")
	yes, err1 := target.Bool("yes", false)
	no, err2 := target.Bool("no", true)
	none, err3 := target.Bool("none", true)
	if !yes || no || !none || err1 != nil || err2 != nil || err3 != nil {
		t.Error(yes, no, none, err1, err2, err3)
	}
	if _, err := target.Bool("odd", true); !errors.Is(err, ErrTarget) {
		t.Errorf("got %v", err)
	}
}

func TestOpenHolderTakesTheTargetOfOpen(t *testing.T) {
	var seen Target
	scheme := Scheme{Name: "a", Holder: func(t Target) (Holder, error) {
		seen = t
		return holdFunc(nil), nil
	}}
	if _, err := OpenHolder("a://h:1/svc?ttl=3s&protection=off&transport=grpc", scheme); err != nil || seen.String() != "a://h:1/svc?ttl=3s" {
		t.Errorf("opened %s, %v", seen, err)
	}
	if _, err := OpenHolder("a://h:1/svc?protection=on", scheme); !errors.Is(err, ErrTarget) {
		t.Errorf("got %v", err)
	}
}
