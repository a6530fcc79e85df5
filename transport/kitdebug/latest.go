package kitdebug

import (
	"sync/atomic"

	"github.com/kitgen/kitgen/lb"
)

// Pool is for a Client whose pool is known only later, or replaced, as those
// behind gRPC connections are:
//
//	pool := new(kitdebug.Pool)
//	options, err := stub.Dial(stub.Config{OnPool: pool.Set})
//	client := kitdebug.Client{Name: "addsvc", Pool: pool}
//
// The zero value has no instances. It is safe for concurrent use.
type Pool struct {
	latest atomic.Pointer[lb.Pool]
}

// Set has p shown from now on.
func (l *Pool) Set(p *lb.Pool) { l.latest.Store(p) }

// Nodes are those of the latest pool.
func (l *Pool) Nodes() []lb.NodeStats {
	if p := l.latest.Load(); p != nil {
		return p.Nodes()
	}
	return nil
}

// Explain has the picks of the latest pool.
func (l *Pool) Explain() []lb.Pick {
	if p := l.latest.Load(); p != nil {
		return p.Explain()
	}
	return nil
}

// Panicking says whether the latest pool does.
func (l *Pool) Panicking() bool {
	p := l.latest.Load()
	return p != nil && p.Panicking()
}
