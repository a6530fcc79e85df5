package main

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/internal/peers/echo"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

func zcpu() time.Duration {
	var r syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func TestZZ(t *testing.T) {
	workers := func(n uint32) func() (line, error) {
		return func() (line, error) {
			return openOursLine(1, echo.GRPCFactory(), func(l net.Listener, e echo.Endpoints) transport.Server {
				s := kitgrpc.NewServer(kitgrpc.Config{}, grpc.NumStreamWorkers(n))
				echo.RegisterGRPC(s, e)
				return s.On(l)
			})
		}
	}
	names := []string{"bare", "deadline", "ours", "workers2", "workers8"}
	open := map[string]func() (line, error){"bare": openBareGRPC, "deadline": func() (line, error) { return withDeadline(openBareGRPC()) }, "ours": func() (line, error) { return openOursGRPC(1) }, "workers2": workers(2), "workers8": workers(8)}
	for _, r := range wireRows() {
		if open["bare"] == nil && r.wire == wireGRPC && r.instances == 0 {
			fmt.Println("row", r.name())
			open["bare"] = r.open
		}
	}
	lines := map[string]line{}
	for _, n := range names {
		l, err := open[n]()
		if err != nil {
			t.Fatal(err)
		}
		defer l.close()
		lines[n] = l
	}
	for _, callers := range []int{1, 128} {
		got, wall := map[string][]float64{}, map[string][]float64{}
		for range 9 {
			for _, n := range names {
				N := 2560 / callers
				c0, t0 := zcpu(), time.Now()
				var wg sync.WaitGroup
				for range callers {
					wg.Go(func() {
						for range N {
							if _, err := lines[n].call(t.Context(), said); err != nil { t.Error(err) }
						}
					})
				}
				wg.Wait()
				got[n] = append(got[n], float64(zcpu()-c0)/float64(N*callers)/1000)
				wall[n] = append(wall[n], float64(time.Since(t0))/float64(N*callers)/1000)
			}
		}
		for _, n := range names {
			slices.Sort(got[n])
			slices.Sort(wall[n])
			fmt.Printf("%d callers %-9s cpu us/call min %.1f q1 %.1f med %.1f | wall min %.1f q1 %.1f\n", callers, n, got[n][0], got[n][2], got[n][4], wall[n][0], wall[n][2])
		}
	}
}
