package main

import (
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kitgen/kitgen/internal/servers"
)

// needsGo says why nothing can be built here.
func needsGo() error {
	if _, err := exec.LookPath("go"); err != nil {
		return errors.New("it builds a program with another clock, and there is no go command here")
	}
	return nil
}

// steppingClock is time.Now with a wall clock that is an hour slow, right and
// an hour fast in turn. What the kernel says of the time that passes is left as
// it is, as it is when somebody sets a clock.
func (t *trial) steppingClock() patch {
	root, err := goRoot(t.ctx)
	t.must(err)
	const old = "\tmono -= startNano\n\tsec += unixToInternal - minWall\n"
	return patch{
		file:     filepath.Join(root, "src", "time", "time.go"),
		old:      old,
		replaced: "\tsec += (mono/2e9%3 - 1) * 3600\n" + old,
	}
}

func clockSteps(t *trial) {
	t.onEtcd(servers.Options{})
	root, err := moduleDir(t.ctx)
	t.must(err)
	t.say("building a program whose clock steps: the whole standard library, a minute or two the first time")
	t.program, err = t.steppingClock().build(t.ctx, root, t.dir)
	t.must(err)
	t.fleet(4)
	t.drive(100)
	t.fault("let the clocks step", func() error { return nil })
	t.eventually("a clock is wrong", func() bool { return t.clockOf(t.members[0]).Abs() > time.Hour/2 })
	t.eventually("and right again", func() bool { return t.clockOf(t.members[0]).Abs() < time.Hour/2 })
	t.last(4*t.ttl - time.Since(t.since))
	t.neverLost()
	t.since = time.Now()
	t.within(t.row.bound, "the consumer hears of something new", t.fresh)
	t.heal("enough of that", func() error { return nil })
	t.missedNobody()
}

// clockOf is how much an instance's clock is ahead of ours.
func (t *trial) clockOf(in *instance) time.Duration {
	text, err := fetch(t.ctx, http.MethodGet, "http://"+in.addr+"/clock")
	t.must(err)
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	t.must(err)
	return time.Until(time.Unix(n, 0))
}
