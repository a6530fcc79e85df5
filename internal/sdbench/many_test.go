package sdbench

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
)

// BenchmarkMany subscribes to a service of so many instances in a real etcd and
// changes one of them at a time: what a change takes from the Put to the set,
// what an instance takes of the heap, and how many goroutines the subscription
// has, which should not depend on their number.
func BenchmarkMany(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			server := servers.Etcd(b, servers.Options{})
			writer, reader := dialEtcd(b, server.Endpoint()), dialEtcd(b, server.Endpoint())
			fill(b, writer, n)
			if _, err := reader.Get(b.Context(), "x"); err != nil { // what a connection costs is not counted
				b.Fatal(err)
			}
			heap, goroutines := usage()
			instances := etcd.NewInstancer(reader, "svc", etcd.Config{})
			defer instances.Stop()
			until(b, instances, func(s sd.Snapshot) bool { return len(s.Instances) == n })
			heapAfter, goroutinesAfter := usage()
			weight := 1
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				time.Sleep(300 * time.Millisecond) // a change that follows another closely waits for more
				b.StartTimer()
				weight++
				if _, err := writer.Put(b.Context(), key(n/2), value(n/2, weight)); err != nil {
					b.Fatal(err)
				}
				until(b, instances, func(s sd.Snapshot) bool { return s.Instances[n/2].Weight == weight })
			}
			b.ReportMetric(float64(heapAfter-heap)/float64(n), "heap-B/instance")
			b.ReportMetric(float64(goroutinesAfter-goroutines), "goroutines")
		})
	}
}

func key(k int) string { return fmt.Sprintf("/kitgen/svc/svc-host-%016x", k) }

func value(k, weight int) string {
	return fmt.Sprintf(`{"v":1,"addr":"10.%d.%d.%d:8080","weight":%d,"zone":"eu-1a","version":"1.2.3","meta":{"grpc":"10.%d.%d.%d:8081"}}`,
		k>>16, k>>8&255, k&255, weight, k>>16, k>>8&255, k&255)
}

func fill(b *testing.B, c *clientv3.Client, n int) {
	b.Helper()
	for k := 0; k < n; {
		var puts []clientv3.Op
		for ; k < n && len(puts) < 100; k++ {
			puts = append(puts, clientv3.OpPut(key(k), value(k, 1)))
		}
		if _, err := c.Txn(b.Context()).Then(puts...).Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

func usage() (heap uint64, goroutines int) {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, runtime.NumGoroutine()
}

func until(b *testing.B, instances *sd.Instancer, ok func(sd.Snapshot) bool) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	for {
		s, newer := instances.Snapshot()
		if ok(s) {
			return
		}
		select {
		case <-newer:
		case <-ctx.Done():
			b.Fatalf("not within a minute: %d instances, %v", len(s.Instances), s.Err)
		}
	}
}
