package sim

import (
	"context"
	"io"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/load"
	"github.com/kitgen/kitgen/lb"
)

// probing is lb.Probing. Its probes travel as long as calls do, and wait for
// nobody in the server; every answer to a call brings a report too. A server that
// fails its calls answers probes, which is the harder case.
func probing(name string) Policy {
	return Policy{Name: name, follows: true, New: func(e Env) Caller {
		r := e.world.registry()
		send := func(addr string, answer func(int, time.Duration, error)) {
			to := r.at(addr)
			e.Message()
			e.After(e.Delay, func() {
				l := e.Report(to)
				if l.Silent {
					e.After(100*time.Millisecond, func() { answer(0, 0, context.DeadlineExceeded) }) // as ProbingConfig.Timeout
					return
				}
				rif, latency := l.RIF, l.Latency()
				e.After(e.Delay, func() { answer(rif, latency, nil) })
			})
		}
		return newShipped(e, func(s lb.Set) kitlb.Balancer {
			return lb.NewProbing(s, lb.ProbingConfig{Send: send})
		}, func(addr string) (endpoint.Endpoint, io.Closer, error) {
			call, closer, err := r.connect(addr)
			return reporting(e, r.at(addr), call), closer, err
		})
	}}
}

// reporting makes answers bring a report. It is as of their arrival, which is
// later than it was written by the way back.
func reporting(e Env, server int, call endpoint.Endpoint) endpoint.Endpoint {
	return func(ctx context.Context, request any) (any, error) {
		response, err := call(ctx, request)
		if err == nil {
			l := e.Report(server)
			load.Deliver(ctx, load.Report{InFlight: l.RIF, Latency: l.Latency()}.String())
		}
		return response, err
	}
}
