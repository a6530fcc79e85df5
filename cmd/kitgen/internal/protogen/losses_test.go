package protogen

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLosses(t *testing.T) {
	text := mustProto(t, loadText(t, service("Sum(ctx context.Context, a, b int, c string) (sum int, err error)\nUp(ctx context.Context, p P) error", "type P struct { X int\nS string }")), nil)
	svc := loadText(t, service("Sum(ctx context.Context, a int) (sum int, err error)\nDown(ctx context.Context, p P, to int) error", "type P struct { X int }"))
	want := `svc.go:1:1: KGW60: Up is gone: who still calls it is told that it is not implemented: put it back until nobody needs it, if that is not so already
svc.go:6:1: KGW60: b, c of SumRequest is gone: who still sends it is not heard, who still reads it finds nothing: put it back until nobody needs it, if that is not so already
svc.go:11:6: KGW60: s of P is gone: who still sends it is not heard, who still reads it finds nothing: put it back until nobody needs it, if that is not so already`
	lost, err := Losses(svc, text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, lost.Error()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if lost, err := Losses(svc, mustProto(t, svc, text)); err != nil || len(lost) > 0 {
		t.Errorf("told twice: %v, %v", lost, err)
	}
	if _, err := Losses(svc, []byte("}{")); err == nil {
		t.Error("what does not parse has no error")
	}
}
