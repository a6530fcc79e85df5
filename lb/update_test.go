package lb

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd"
)

func sayNothing(context.Context, any) (any, error) { return nil, nil }

func connectSilent(string) (endpoint.Endpoint, io.Closer, error) { return sayNothing, nil, nil }

// numbered returns n instances, sorted as package sd has them.
func numbered(n int) []sd.Instance {
	all := make([]sd.Instance, n)
	for i := range all {
		all[i] = sd.Instance{ID: fmt.Sprintf("i%06d", i), Addr: fmt.Sprintf("10.%d.%d.%d:80", i>>16, i>>8&255, i&255)}
	}
	return all
}

// until waits until n instances can be picked.
func (p *Pool) until(n int) {
	for {
		s := p.snap.Load()
		if len(s.pickable) == n {
			return
		}
		<-s.replaced
	}
}

// BenchmarkUpdate is how long it takes until picks see one instance more, and
// then one less, with an adaptive balancer over the pool; beside it, go-kit's
// endpointer.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		all := numbered(n + 1)
		sets := [2][]sd.Instance{all, slices.Delete(slices.Clone(all), n/2, n/2+1)}
		b.Run(fmt.Sprintf("ours/n=%d", n), func(b *testing.B) {
			src := newSource(sets[1]...)
			p := NewPool(src, connectSilent, PoolConfig{})
			NewAdaptive(p, AdaptiveConfig{})
			p.until(n)
			time.Sleep(30 * time.Millisecond) // what was gathered is over
			b.ReportAllocs()
			for b.Loop() {
				src.set(sets[0]...)
				p.until(n + 1)
				src.set(sets[1]...)
				p.until(n)
			}
			b.StopTimer()
			if err := p.Close(); err != nil {
				b.Error(err)
			}
		})
		b.Run(fmt.Sprintf("go-kit/n=%d", n), func(b *testing.B) {
			var events [2]kitsd.Event
			for i, set := range sets {
				for _, in := range set {
					events[i].Instances = append(events[i].Instances, in.Addr)
				}
			}
			src := new(teller)
			e := kitsd.NewEndpointer(src, connectSilent, log.NewNopLogger())
			tell := func(k, want int) {
				src.ch <- events[k]
				for {
					if all, _ := e.Endpoints(); len(all) == want {
						return
					}
					runtime.Gosched()
				}
			}
			tell(1, n)
			b.ReportAllocs()
			for b.Loop() {
				tell(0, n+1)
				tell(1, n)
			}
			b.StopTimer()
			e.Close()
		})
	}
}

// teller is a go-kit Instancer that tells what it is told to.
type teller struct{ ch chan<- kitsd.Event }

func (t *teller) Register(ch chan<- kitsd.Event) { t.ch = ch }
func (t *teller) Deregister(chan<- kitsd.Event)  {}
func (t *teller) Stop()                          {}

// BenchmarkStart is how long it takes until all of many instances are connected
// and can be picked.
func BenchmarkStart(b *testing.B) {
	for _, n := range []int{100, 10000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			src := newSource(numbered(n)...)
			for b.Loop() {
				p := NewPool(src, connectSilent, PoolConfig{})
				p.until(n)
				b.StopTimer()
				if err := p.Close(); err != nil {
					b.Error(err)
				}
				b.StartTimer()
			}
		})
	}
}
