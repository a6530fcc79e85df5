package load

import (
	"context"
	"testing"
	"time"
)

type got []Report

func (g *got) Receive(r Report) { *g = append(*g, r) }

func TestDeliver(t *testing.T) {
	Deliver(t.Context(), "rif=1") // nobody asked

	var outer, inner got
	type key struct{}
	ctx := With(context.WithValue(t.Context(), key{}, "kept"), &outer)
	if ctx.Value(key{}) != "kept" {
		t.Error("a value of the parent is lost")
	}
	derived, cancel := context.WithCancel(ctx)
	defer cancel()
	Deliver(derived, "rif=1, latency=1ms")
	Deliver(derived, "no report")
	Deliver(With(derived, &inner), "rif=2")
	if len(outer) != 1 || outer[0] != (Report{1, time.Millisecond}) {
		t.Errorf("the outer call was told %v", outer)
	}
	if len(inner) != 1 || inner[0] != (Report{2, 0}) {
		t.Errorf("the inner call was told %v", inner)
	}
}
