package sim

import (
	"reflect"
	"strings"
	"testing"
)

// TestDeploymentFailsNoCall restarts a few servers, one after the other: clients
// that follow the registry never call one that is away, and call each again.
func TestDeploymentFailsNoCall(t *testing.T) {
	t.Parallel()
	sc := Scenario{
		Name: "deployment", Servers: alike(4, Server{}), Clients: 2, Rate: 600, Warmup: -1, Length: 9 * second,
		Faults: []Fault{{Kind: Restarts, Servers: []int{2, 3}, At: second, Down: second}}, Watch: 2,
	}
	for _, p := range sometimes(append(Ours(), References()...), 2) {
		r := play(t, sc, p, 1)
		if r.Succeeded != r.Calls || r.Calls < 5000 {
			t.Errorf("%s: of %d calls %d failed and %d timed out", p.Name, r.Calls, r.Failed, r.TimedOut)
		}
		if again := play(t, sc, p, 1); !reflect.DeepEqual(r, again) {
			t.Errorf("%s: one seed, but\n%+v\n%+v", p.Name, r, again)
		}
		count := func(from, to int) (watched int) {
			for _, w := range r.Windows[from:to] {
				watched += w.Watched
			}
			return watched
		}
		if n := count(4, 12); n > 0 { // from the first second to the third
			t.Errorf("%s: %d calls to a server that was away", p.Name, n)
		}
		if n := count(24, 36); n < 100 { // from the sixth on
			t.Errorf("%s: %d calls to a server that is back", p.Name, n)
		}
	}
}

func TestRestartsNeedSomebodyWhoHearsOfThem(t *testing.T) {
	t.Parallel()
	sc := scenario(t, "S16", second)
	if twoChoices().Plays(sc) || !named(t, "adaptive").Plays(sc) {
		t.Error("two choices play restarts, or adaptive does not")
	}
	if _, err := Run(sc, twoChoices(), 1); err == nil || !strings.Contains(err.Error(), "does not hear of servers that leave") {
		t.Errorf("the error is %v", err)
	}
}
