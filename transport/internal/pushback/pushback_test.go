package pushback_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"testing"
	"time"

	"github.com/kitgen/kitgen/transport/internal/guard"
	"github.com/kitgen/kitgen/transport/internal/pushback"
)

type later time.Duration

func (l later) Error() string                              { return "later" }
func (l later) RetryAfter() (after time.Duration, ok bool) { return time.Duration(l), l != 0 }
func says(after time.Duration, ok bool) string             { return fmt.Sprint(after, ok) }
func wrapped(err error) error                              { return fmt.Errorf("sum: %w", err) }

func TestOf(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"nil":              {nil, says(0, false)},
		"silent":           {io.EOF, says(0, false)},
		"itself":           {later(5), says(5, true)},
		"never":            {wrapped(later(-7)), says(-7, true)},
		"among others":     {errors.Join(io.EOF, wrapped(later(9))), says(9, true)},
		"first decides":    {errors.Join(later(0), later(9)), says(0, false)},
		"value of a panic": {guard.New(later(5)), says(0, false)},
		"beside a panic":   {errors.Join(later(5), guard.New("boom")), says(0, false)},
	} {
		if got := says(pushback.Of(tt.err)); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestTravels(t *testing.T) {
	for _, tt := range []struct {
		after       time.Duration
		ms, seconds string
		back        time.Duration
	}{
		{0, "0", "0", 0},
		{1, "1", "1", time.Millisecond},
		{time.Millisecond, "1", "1", time.Millisecond},
		{1500 * time.Millisecond, "1500", "2", 1500 * time.Millisecond},
		{2 * time.Second, "2000", "2", 2 * time.Second},
		{-1, "-1", "-1", pushback.Never},
		{math.MinInt64, "-1", "-1", pushback.Never},
		{math.MaxInt64, "86400000", "86400", 24 * time.Hour},
	} {
		if ms, s := pushback.String(tt.after), pushback.Seconds(tt.after); ms != tt.ms || s != tt.seconds {
			t.Errorf("%v: %s ms, %s s; want %s, %s", tt.after, ms, s, tt.ms, tt.seconds)
		}
		if back := pushback.Parse(tt.ms); back != tt.back {
			t.Errorf("%v: comes back as %v, want %v", tt.after, back, tt.back)
		}
	}
	for text, want := range map[string]time.Duration{
		"":                      pushback.Never,
		"soon":                  pushback.Never,
		"1.5":                   pushback.Never,
		"NaN":                   pushback.Never,
		"-99999999999999999999": pushback.Never,
		"99999999999999999999":  pushback.Most,
		"86400001":              pushback.Most,
	} {
		if got := pushback.Parse(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0", "-1", "1500", "+1", "9223372036854775808", "1e3", "1_000", " 1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		after := pushback.Parse(text)
		if after < 0 && after != pushback.Never || after > pushback.Most {
			t.Errorf("%q: %v", text, after)
		}
		if again := pushback.Parse(pushback.String(after)); again != after {
			t.Errorf("%q: %v, written again %v", text, after, again)
		}
	})
}
