package sdtest

import (
	"bytes"
	"runtime"
	"strings"
	"time"
)

// goroutines goes through many short lives: what a client keeps for itself,
// such as connections, is there once, and what every life leaves behind adds
// up.
func goroutines(c *check) {
	const lives = 20
	c.live() // lets clients open what they keep
	before := stacks()
	for range lives {
		c.live()
	}
	late, stop := c.deadline()
	defer stop()
	tick := time.NewTicker(10 * time.Millisecond) // what was told to end may need a moment
	defer tick.Stop()
	for {
		left := newer(stacks(), before)
		if len(left) < lives {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			c.broken("%d rounds of Hold and Watch left %d goroutines, such as\n%s", lives, len(left), strings.Join(left[:3], "\n\n"))
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

// newer returns the stacks in now whose goroutine was not there before.
func newer(now, before map[string]string) []string {
	var list []string
	for heading, stack := range now {
		if _, was := before[heading]; !was {
			list = append(list, stack)
		}
	}
	return list
}
