package attempt

import (
	"strings"
	"testing"
)

func TestChainTravels(t *testing.T) {
	for _, c := range []Chain{{1, 0}, {1, 2}, {3, 0}, {99, 99}} {
		got, err := ParseChain(c.String())
		if got != c || err != nil {
			t.Errorf("%v as %q is %v, %v", c, c, got, err)
		}
	}
	if got := (Chain{}).String(); got != "n=1, left=0" {
		t.Errorf("the zero Chain is %q", got)
	}
	if got := (Chain{1000, -4}).String(); got != "n=99, left=0" {
		t.Errorf("beyond what is believed: %q", got)
	}
}

func TestParseChain(t *testing.T) {
	for text, want := range map[string]Chain{
		"n=1, left=2":          {1, 2},
		"left=2,n=1":           {1, 2},
		" n=2 ,  left=0 ":      {2, 0},
		"n=1, left=2, zone=eu": {1, 2},
	} {
		if got, err := ParseChain(text); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "n", "n=1", "left=1", "n=0, left=1", "n=-1, left=1", "n=1, left=-1", "n=100, left=1", "n=1, n=2, left=0", "n=1;left=2", "n=1, left=9999999999", "n=+1, left=0", strings.Repeat("n=1,", 100)} {
		if got, err := ParseChain(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
}

func TestOutgoing(t *testing.T) {
	ctx := t.Context()
	if c, ok := Outgoing(ctx); ok {
		t.Errorf("a call that began here works for %v", c)
	}
	served := WithIncoming(ctx, Chain{2, 1})
	if c, ok := Outgoing(served); c != (Chain{2, 1}) || !ok {
		t.Errorf("without a retry of one's own: %v, %v", c, ok)
	}
	picked := Start(served, 0)
	if c, ok := Outgoing(picked); c != (Chain{2, 1}) || !ok {
		t.Errorf("picking anew is not retrying: %v, %v", c, ok)
	}
	tried := StartWith(served, Options{Left: 1})
	if c, ok := Outgoing(tried); c != (Chain{1, 1}) || !ok {
		t.Errorf("under a retry: %v, %v", c, ok)
	}
	if c, _ := Outgoing(tried.NextWith(Options{})); c != (Chain{2, 0}) {
		t.Errorf("the last attempt: %v", c)
	}
	if c, ok := Incoming(tried); c != (Chain{2, 1}) || !ok {
		t.Errorf("what came in is lost: %v, %v", c, ok)
	}
}

func FuzzParseChain(f *testing.F) {
	for _, seed := range []string{"n=1, left=2", "left=0,n=99,x=", "n=1", "=,=", "n=1, left=2, n=1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseChain(text)
		if err != nil {
			if c != (Chain{}) || len(err.Error()) > 1024 {
				t.Errorf("%q: %v with %d bytes of error", text, c, len(err.Error()))
			}
			return
		}
		if again, err := ParseChain(c.String()); again != c || err != nil {
			t.Errorf("%q: %v, written again %v, %v", text, c, again, err)
		}
	})
}
