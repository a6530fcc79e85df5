package draining

import "testing"

func TestHook(t *testing.T) {
	var h Hook
	h.Tell() // nobody listens
	var a, b int
	h.OnDrain(func() { a++ })
	if a != 1 {
		t.Errorf("told before: called %d times, want once", a)
	}
	h.OnDrain(func() { b++ })
	h.Tell()
	if a != 2 || b != 2 {
		t.Errorf("called %d and %d times, want 2 and 2", a, b)
	}
}
