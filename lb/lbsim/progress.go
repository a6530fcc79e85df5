package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// progress says how far it is, now and then, to those who wait.
type progress struct {
	w     io.Writer
	all   int
	began time.Time

	mu    sync.Mutex // guards what follows
	done  int
	calls int
	told  time.Time
}

func (p *progress) step(r sim.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.calls += r.Calls
	if now := time.Now(); now.Sub(p.told) > 5*time.Second {
		p.told = now
		fmt.Fprintf(p.w, "sim: %d of %d runs, %s\n", p.done, p.all, now.Sub(p.began).Round(time.Second))
	}
}

func (p *progress) end() {
	took := time.Since(p.began)
	fmt.Fprintf(p.w, "sim: %d runs, %.1f million calls in %s\n", p.all, float64(p.calls)/1e6, took.Round(100*time.Millisecond))
}
