package lb

import (
	"testing"
	"time"

	"github.com/go-kit/kit/endpoint"
)

// BenchmarkGuards is a call over ten instances, without and with each of what may
// keep callers away from an instance.
func BenchmarkGuards(b *testing.B) {
	for _, c := range []struct {
		name string
		cfg  PoolConfig
	}{
		{"none", PoolConfig{}},
		{"outliers", PoolConfig{Outliers: &OutlierConfig{}}},
		{"slow start", PoolConfig{SlowStart: SlowStartConfig{Window: time.Hour}}},
		{"panic", PoolConfig{PanicBelow: 0.5}},
		{"all", PoolConfig{Outliers: &OutlierConfig{}, SlowStart: SlowStartConfig{Window: time.Hour}, PanicBelow: 0.5}},
	} {
		b.Run(c.name, func(b *testing.B) {
			f := &fleet{serve: map[string]endpoint.Endpoint{}}
			for _, addr := range letters(10) {
				f.serve[addr] = silent
			}
			call := Endpoint(NewAdaptive(fixed(b, f, c.cfg, letters(10)...), AdaptiveConfig{}))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := call(b.Context(), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
