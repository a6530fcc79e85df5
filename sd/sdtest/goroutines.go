package sdtest

import (
	"bytes"
	"runtime"
	"strings"
	"time"
)

func goroutines(c *check) { c.endures("goroutines", stacks) }

// endures goes through many short lives: what a client keeps for itself, such
// as connections, is there once, and what every life leaves behind adds up.
func (c *check) endures(what string, list func() map[string]string) {
	c.Helper()
	const lives = 20
	c.live() // lets clients open what they keep
	before := list()
	for range lives {
		c.live()
	}
	late, stop := c.deadline()
	defer stop()
	tick := time.NewTicker(10 * time.Millisecond) // what was told to end may need a moment
	defer tick.Stop()
	for {
		left := newer(list(), before)
		if len(left) < lives {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			c.broken("%d rounds of Hold and Watch left %d %s, such as\n%s", lives, len(left), what, strings.Join(left[:3], "\n\n"))
		}
	}
}

func (c *check) live() {
	c.Helper()
	x, w := c.hold(instance(1)), c.watch()
	w.awaitIDs("i001")
	w.cancel()
	if !w.ended() {
		c.broken("Watch did not return within %s of the end of its ctx", c.Patience)
	}
	if err := x.leave(); err != nil {
		c.broken("Hold returned %v when it left", err)
	}
}

// stacks returns the stack of every goroutine there is, by its heading
// "goroutine 42". Counting them would not do: others end meanwhile.
func stacks() map[string]string {
	buf := make([]byte, 64<<10)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	all := map[string]string{}
	for stack := range bytes.SplitSeq(buf[:n], []byte("\n\n")) {
		heading, _, _ := strings.Cut(string(stack), " [")
		all[heading] = string(stack)
	}
	return all
}

// newer returns the values in now whose key was not there before.
func newer(now, before map[string]string) []string {
	var list []string
	for key, value := range now {
		if _, was := before[key]; !was {
			list = append(list, value)
		}
	}
	return list
}
