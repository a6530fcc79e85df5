package peers

import (
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// failsWithin is how long a server of the simulation takes at most to fail a call.
const failsWithin = 2 * time.Millisecond

// answered says whether a server has answered the call, so that its report came
// with the answer: it has unless the call failed for lack of time.
func answered(c call, env sim.Env) bool {
	return !c.failed || c.took() <= failsWithin+2*env.Delay
}
