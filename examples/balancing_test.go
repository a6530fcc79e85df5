package examples

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/middleware/retry"
	"github.com/kitgen/kitgen/sd"
)

// byName is the code of docs/balancing.md for a balancer that a flag names.
func byName(name string, pool *lb.Pool) (kitlb.Balancer, error) {
	policy, err := lb.ParsePolicy(name) // adaptive, round_robin, …
	if err != nil {
		return nil, err // it lists all names, and guesses which was meant
	}
	return policy(pool), nil
}

// The rest of the page's code: each makes a balancer, or what one picks from.

func some(pool *lb.Pool) kitlb.Balancer {
	v2 := lb.Where(pool, "of version 2", lb.Version("v2"))
	return lb.NewAdaptive(v2, lb.AdaptiveConfig{})
}

func few(pool *lb.Pool, hostname string) (kitlb.Balancer, error) {
	few, err := lb.Subset(pool, lb.SubsetConfig{Client: hostname, Size: 20})
	if err != nil {
		return nil, err
	}
	return lb.NewAdaptive(few, lb.AdaptiveConfig{}), nil
}

func near(pool *lb.Pool) (kitlb.Balancer, error) {
	near, err := lb.NewZoneAware(pool, lb.ZoneConfig{Zone: "eu-1"}, nil) // nil: adaptive, in the zone and outside
	if err != nil {
		return nil, err
	}
	return near, nil
}

func canary(pool *lb.Pool) (kitlb.Balancer, error) {
	canary, err := lb.NewSplit(pool, lb.SplitConfig{Parts: []lb.Part{
		{Name: "canary", Percent: 5, Keep: lb.Version("v2")},
	}}, nil)
	if err != nil {
		return nil, err
	}
	err = canary.SetPercent("canary", 20) // later: the first five percent of the users are among these
	return canary, err
}

func sticky(ctx context.Context, pool *lb.Pool, cookie string, request any) (response any, newCookie string, err error) {
	sticky, err := lb.NewSticky(pool, lb.StickyConfig{}, nil)
	if err != nil {
		return nil, "", err
	}
	session := lb.NewSession(cookie)
	response, err = lb.Endpoint(sticky)(lb.WithSession(ctx, session), request)
	cookie = session.Instance() // where it is now
	return response, cookie, err
}

func keyed(ctx context.Context, pool *lb.Pool, user string, request any) (any, error) {
	call := lb.Endpoint(lb.NewRing(pool, lb.RingConfig{Bound: 1.25}))
	return call(lb.WithKey(ctx, user), request)
}

func guarded(instances kitsd.Instancer, factory kitsd.Factory) *lb.Pool {
	pool := lb.NewPool(instances, factory, lb.PoolConfig{
		Guard:      breaker.Each(breaker.Config{}),               // one breaker per instance
		SlowStart:  lb.SlowStartConfig{Window: 30 * time.Second}, // a tenth of its picks at first, all of them after 30 s
		Outliers:   &lb.OutlierConfig{},                          // for balancers that do not look at failures themselves
		PanicBelow: 0.5,                                          // with fewer usable, call everybody; if zero, only when nobody is
	})
	return pool
}

// echo is a factory of endpoints that answer with who they are.
func echo(addr string) (endpoint.Endpoint, io.Closer, error) {
	return func(context.Context, any) (any, error) { return addr, nil }, nil, nil
}

// whole waits until a pool has connected n instances.
func whole(t *testing.T, pool *lb.Pool, n int) {
	t.Helper()
	for all, err := pool.Endpoints(); len(all) < n; all, err = pool.Endpoints() {
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
}

func TestTheCodeOfTheBalancingPageRuns(t *testing.T) {
	t.Parallel()
	instances := sd.NewInstancer(sd.Fixed{
		{Addr: "10.0.0.1:80", Version: "v1", Zone: "eu-1"},
		{Addr: "10.0.0.2:80", Version: "v2", Zone: "eu-2"},
	}, sd.InstancerConfig{})
	defer instances.Stop()
	pool := guarded(instances, echo)
	defer pool.Close()
	whole(t, pool, 2)
	for name, made := range map[string]func() (kitlb.Balancer, error){
		"by name": func() (kitlb.Balancer, error) { return byName("least-request", pool) },
		"some":    func() (kitlb.Balancer, error) { return some(pool), nil },
		"few":     func() (kitlb.Balancer, error) { return few(pool, "web-1") },
		"near":    func() (kitlb.Balancer, error) { return near(pool) },
		"canary":  func() (kitlb.Balancer, error) { return canary(pool) },
	} {
		b, err := made()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		who, err := lb.Endpoint(b)(t.Context(), nil)
		if err != nil || name == "some" && who != "10.0.0.2:80" {
			t.Errorf("%s: called %v, %v", name, who, err)
		}
	}
	who, cookie, err := sticky(t.Context(), pool, "10.0.0.2:80", nil)
	if who != cookie || cookie != "10.0.0.2:80" || err != nil {
		t.Errorf("the session was at %v, and is at %q: %v", who, cookie, err)
	}
	if who, err := keyed(t.Context(), pool, "ann", nil); err != nil {
		t.Errorf("by key: %v, %v", who, err)
	}
	if _, err := byName("best", pool); err == nil {
		t.Error("there is no policy of the name best")
	}
}

// TestTheCommandsOfTheBalancingPageAreTaken gives what the page says after
// "make sim" and "go run ./lb/lbsim" to the simulator. A fleet of the user's own
// is played, by one balancer and once; the rest would take minutes, so that only
// the flags are read, and the names of what there is.
func TestTheCommandsOfTheBalancingPageAreTaken(t *testing.T) {
	t.Parallel()
	lbsim := filepath.Join(t.TempDir(), "lbsim")
	run(t, "go", "build", "-o", lbsim, "../lb/lbsim")
	listed, err := exec.CommandContext(t.Context(), lbsim, "-list").Output()
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, m := range command.FindAllStringSubmatch(balancingPage(t), -1) {
		commands++
		words := strings.Fields(planned(t, m[1]))
		switch {
		case len(words) > 0 && words[0] == "scripts/bench.sh": // its program takes minutes to build
			benchTakes(t, words[1:])
			continue
		case len(words) > 0 && words[0] == "scripts/sim.sh":
			words = words[1:]
		case len(words) > 3 && strings.Join(words[:3], " ") == "go run ./lb/lbsim":
			words = words[3:]
		default:
			t.Errorf("this test does not know how to check %q", m[1])
			continue
		}
		for i, word := range words[:max(len(words)-1, 0)] {
			switch word {
			case "-scenarios", "-balancers":
				for name := range strings.SplitSeq(words[i+1], ",") {
					if !regexp.MustCompile(`(?m)^  ` + regexp.QuoteMeta(name) + `( |$)`).Match(listed) {
						t.Errorf("%q: there is no %s %s", m[1], strings.TrimSuffix(word[1:], "s"), name)
					}
				}
			case "-scenario":
				words[i+1] = filepath.Join("..", words[i+1])
				words = append(words, "-seeds", "1", "-balancers", "adaptive")
			}
		}
		if !slices.Contains(words, "-scenario") {
			words = append(words, "-h")
		}
		run(t, lbsim, words...)
	}
	if commands == 0 {
		t.Error("the page has no command: the test looks for the wrong thing")
	}
}

// benchTakes checks that the benchmark has the flags among words.
func benchTakes(t *testing.T, words []string) {
	t.Helper()
	for _, word := range words {
		if flag, ok := strings.CutPrefix(word, "-"); ok {
			hasWord(t, "../internal/peers/main.go", `("`+flag+`", `, strings.Join(words, " "))
		}
	}
}

// planned is what a command line runs: for make, what its target does.
func planned(t *testing.T, line string) string {
	t.Helper()
	if !strings.HasPrefix(line, "make ") {
		return line
	}
	c := exec.CommandContext(t.Context(), "sh", "-c", "make --no-print-directory -n "+strings.TrimPrefix(line, "make "))
	c.Dir = ".."
	out, err := c.Output()
	if err != nil {
		t.Errorf("%s: %v", line, err)
	}
	return string(out)
}

func balancingPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/balancing.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// explained is why calls went where they went when the quicker of two instances
// begins to fail, on a clock that is made up.
func explained(t *testing.T) (picks []lb.Pick) {
	t.Helper()
	clock, broken := time.Duration(0), false
	takes := map[string]time.Duration{"10.0.0.1:80": 3 * time.Millisecond, "10.0.0.2:80": 6 * time.Millisecond}
	factory := func(addr string) (endpoint.Endpoint, io.Closer, error) {
		return func(context.Context, any) (any, error) {
			if broken && addr == "10.0.0.1:80" {
				clock += time.Millisecond
				return nil, errors.New("out of order")
			}
			clock += takes[addr]
			return addr, nil
		}, nil, nil
	}
	pool := lb.NewPool(kitsd.FixedInstancer{"10.0.0.1:80", "10.0.0.2:80"}, factory, lb.PoolConfig{
		Explain: 4, // remember the last four picks
		Virtual: &lb.Virtual{Now: func() time.Duration { return clock }, Rand: rand.New(rand.NewPCG(1, 2)).Uint64},
	})
	defer pool.Close()
	whole(t, pool, 2)
	call := retry.New(retry.Config{Idempotent: true})(lb.Endpoint(lb.NewAdaptive(pool, lb.AdaptiveConfig{})))
	for i := range 102 {
		clock, broken = clock+50*time.Millisecond, i >= 100
		if _, err := call(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	return pool.Explain()
}

var (
	printed = regexp.MustCompile("(?s)```text\n(.*?)```")
	figure  = regexp.MustCompile(`cost [^,]+|[0-9.]+m?s\b`)
)

// TestTheExplanationOfTheBalancingPageIsReal compares all but costs and times,
// which chance has a part in.
func TestTheExplanationOfTheBalancingPageIsReal(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, pick := range explained(t) {
		fmt.Fprintln(&got, pick)
	}
	m := printed.FindStringSubmatch(balancingPage(t))
	if m == nil {
		t.Fatal("the page shows no explanation: the test looks for the wrong thing")
	}
	if figure.ReplaceAllString(m[1], "_") != figure.ReplaceAllString(got.String(), "_") {
		t.Errorf("the page shows\n%sand what is printed is\n%s", m[1], got.String())
	}
}
