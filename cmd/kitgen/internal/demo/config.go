package demo

import (
	"errors"
	"fmt"
	"runtime"
	"time"
)

// config is the command line of kitgen demo.
type config struct {
	replicas int
	rps      int
	duration time.Duration
	seed     uint64
	json     bool
	svg      string
	keep     bool
}

const (
	minReplicas = 4 // one to kill, one to freeze, one to stop, one that is left
	minDuration = 10 * time.Second
	maxRPS      = 5000
	freezeFor   = 5 * time.Second
)

// check names the flag that is wrong and what to pass instead.
func (c config) check() error {
	switch {
	case runtime.GOOS == "windows":
		return errors.New("kitgen demo stops and freezes processes by signals that Windows does not have; run it in WSL, on Linux or on macOS")
	case c.replicas < minReplicas:
		return fmt.Errorf("--replicas %d: the tour kills one, freezes one and stops one; pass %d or more", c.replicas, minReplicas)
	case c.replicas > 50:
		return fmt.Errorf("--replicas %d: each is a process of its own; pass 50 or fewer", c.replicas)
	case c.rps < 1 || c.rps > maxRPS:
		return fmt.Errorf("--rps %d: pass a number from 1 to %d", c.rps, maxRPS)
	case c.duration < minDuration:
		return fmt.Errorf("--duration %s: five faults need room; pass %s or more", c.duration, minDuration)
	}
	return nil
}
