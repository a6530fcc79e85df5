package lb

import (
	"fmt"
	"testing"

	kitlb "github.com/go-kit/kit/sd/lb"
)

// BenchmarkDecorators is what choosing among others adds to a pick.
func BenchmarkDecorators(b *testing.B) {
	for _, n := range []int{3, 100} {
		p := pooled(b, new(fleet), PoolConfig{}, append(inZone("a", n), inZone("b", n)...)...)
		all := decorators(b, p, func(s Set) kitlb.Balancer { return NewAdaptive(s, AdaptiveConfig{}) })
		all["none"] = NewAdaptive(p, AdaptiveConfig{})
		session := WithSession(b.Context(), NewSession("b0"))
		for name, by := range all {
			pick := by.(picker).Pick
			b.Run(fmt.Sprintf("%s/%d", name, 2*n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					pick(session)
				}
			})
		}
	}
}
