package sdtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// Backend is a registry under test. Watcher is required, and one of Holder and
// Publish; a case whose hook is nil is skipped. Several cases, and several
// services in each, use one registry one after the other, so a server may be
// shared between Backends.
type Backend struct {
	// Holder and Watcher make the two halves of the backend for a service.
	Holder  func(service string) sd.Holder
	Watcher func(service string) sd.Watcher

	// Publish stands in for Holder where nobody registers himself: in a file,
	// a zone. It makes the registry list exactly set for service and returns
	// once whoever asks is told so. Before a case touches a service it
	// publishes an empty set; calls do not overlap.
	Publish func(service string, set []sd.Instance) error

	// ByAddr is for a registry that keeps addresses and no IDs: the suite then
	// tells instances apart by Addr.
	ByAddr bool

	// Poison puts something unreadable among the instances of service, as a
	// stranger or a later version might. It returns once that is done.
	Poison func(service string) error

	// Lose removes an instance behind the back of the one who holds it, as an
	// operator's delete or an expired lease does. It returns once that is done.
	Lose func(service, id string) error

	// Outage makes the registry unreachable, Heal ends that. Both return once
	// it is so. What was registered may or may not survive.
	Outage, Heal func()

	// Patience is how long anything may take to happen; 30 s if zero. A TTL
	// counts twice.
	Patience time.Duration

	// Cannot names cases that the registry is unable to pass, each with the
	// reason, which is printed.
	Cannot map[string]string
}

// Run runs every case as a subtest. newBackend is called anew for each with
// the subtest's own t; what it sets up it tears down by t.Cleanup. No other
// test may run in parallel with it, for it counts goroutines.
func Run(t *testing.T, newBackend func(t *testing.T) Backend) {
	t.Helper()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			b := newBackend(t)
			if b.Watcher == nil || b.Holder == nil && b.Publish == nil {
				t.Fatal("the Backend is not whole: set Watcher, and Holder or Publish")
			}
			for _, name := range slices.Sorted(maps.Keys(b.Cannot)) {
				if !isCase(name) {
					t.Errorf("Cannot names %q, which is no case: have %s", name, strings.Join(names(), ", "))
				}
			}
			if reason, cannot := b.Cannot[c.name]; cannot {
				t.Skipf("cannot hold that %s: %s", c.sentence, reason)
			}
			if missing := c.missing(b); missing != "" {
				t.Skipf("%s, so nobody knows whether %s", missing, c.sentence)
			}
			c.run(newCheck(t, b, c.sentence))
		})
	}
}

// testCase is one promise.
type testCase struct {
	name     string
	sentence string   // what holds; printed when it does not
	needs    []string // what it uses beyond reading and listing: hooks, or /proc/self/fd
	run      func(*check)
}

// missing says what the case would need and does not have; empty if nothing.
func (c testCase) missing(b Backend) string {
	for _, need := range c.needs {
		there := true
		switch need {
		case "Holder":
			there = b.Holder != nil
		case "Lose":
			there = b.Lose != nil
		case "Poison":
			there = b.Poison != nil
		case "Outage":
			there = b.Outage != nil && b.Heal != nil
		case openFiles:
			if _, err := os.ReadDir(openFiles); err != nil {
				return "this system has no " + openFiles
			}
		}
		if !there {
			return "Backend." + need + " is nil"
		}
	}
	return ""
}

func names() []string {
	var list []string
	for _, c := range cases() {
		list = append(list, c.name)
	}
	return list
}

func isCase(name string) bool { return slices.Contains(names(), name) }

// reporter is what a check needs of testing.T, so that the suite can test
// itself.
type reporter interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Cleanup(func())
	Context() context.Context
}

// check is one run of one case.
type check struct {
	reporter

	Backend

	sentence string
	service  string // nobody else's
}

func newCheck(r reporter, b Backend, sentence string) *check {
	if b.Patience <= 0 {
		b.Patience = 30 * time.Second
	}
	if b.Holder == nil {
		b = published(b)
	}
	if b.ByAddr {
		b = named(b)
	}
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails
	return &check{reporter: r, Backend: b, sentence: sentence, service: "sdtest-" + hex.EncodeToString(random[:])}
}

// broken ends the case: its sentence does not hold, and here is how it showed.
func (c *check) broken(format string, args ...any) {
	c.Helper()
	c.Fatalf("does not hold: "+c.sentence+"\n\t"+format, args...)
}

// deadline is closed when patience is at its end.
func (c *check) deadline() (<-chan time.Time, func() bool) {
	t := time.NewTimer(c.Patience)
	return t.C, t.Stop
}
