package sd

import (
	"fmt"
	"testing"
	"time"

	kitsd "github.com/go-kit/kit/sd"
	"github.com/go-kit/log"
)

// BenchmarkPublish is what one changed set costs, from the backend's update to
// the Snapshot: validation, outage policy, comparison, publishing.
func BenchmarkPublish(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		sets := [2][]Instance{sequence(n), sequence(n)}
		sets[1][n/2].Weight = 7
		b.Run(fmt.Sprintf("changed/%d", n), func(b *testing.B) {
			benchmarkSteps(b, func(k int) []Instance { return sets[k%2] })
		})
		b.Run(fmt.Sprintf("same/%d", n), func(b *testing.B) {
			benchmarkSteps(b, func(int) []Instance { return sets[0] })
		})
	}
}

func benchmarkSteps(b *testing.B, set func(k int) []Instance) {
	b.ReportAllocs()
	c := newCurator(InstancerConfig{Logger: log.NewNopLogger()}, func(Snapshot) {})
	box := newInbox()
	update := box.begin()
	now := time.Now()
	for k := 0; b.Loop(); k++ {
		update(set(k))
		c.step(now, box.take())
	}
}

// BenchmarkFanOut is what a change costs each go-kit reader beyond that.
func BenchmarkFanOut(b *testing.B) {
	sets := [2][]Instance{sequence(1000), sequence(999)}
	published := [2]Snapshot{{Instances: sets[0], Synced: true}, {Instances: sets[1], Synced: true}}
	b.ReportAllocs()
	i := NewInstancer(Fixed(sets[0]), InstancerConfig{})
	defer i.Stop()
	events := make(chan kitsd.Event)
	i.Register(events)
	<-events
	for k := 1; b.Loop(); k++ {
		i.publish(published[k%2])
		<-events
	}
}

func BenchmarkSnapshot(b *testing.B) {
	b.ReportAllocs()
	i := NewInstancer(Fixed(sequence(1000)), InstancerConfig{})
	defer i.Stop()
	for b.Loop() {
		_, _ = i.Snapshot()
	}
}
