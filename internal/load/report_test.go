package load

import (
	"strings"
	"testing"
	"time"
)

func TestReportTravels(t *testing.T) {
	for _, tt := range []struct {
		r    Report
		text string
	}{
		{Report{}, "rif=0"},
		{Report{3, 12 * time.Millisecond}, "rif=3, latency=12000us"},
		{Report{1, time.Microsecond}, "rif=1, latency=1us"},
		{Report{maxInFlight, maxLatency}, "rif=1073741824, latency=3600000000us"},
	} {
		if got := tt.r.String(); got != tt.text {
			t.Errorf("%#v is %q, want %q", tt.r, got, tt.text)
		}
		if got, err := Parse(tt.text); err != nil || got != tt.r {
			t.Errorf("Parse(%q) = %#v, %v", tt.text, got, err)
		}
	}
	if got := (Report{-1, -1}).String(); got != "rif=0" {
		t.Errorf("a negative report is %q", got)
	}
}

func TestParseIsTolerant(t *testing.T) {
	want := Report{3, 12 * time.Millisecond}
	for _, text := range []string{
		"rif=3,latency=12ms",
		"  latency=12ms  ,\trif=3 ",
		"rif=3, cpu=0.7, latency=0.012s, mood",
		",,rif=3,,latency=12000us,",
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("Parse(%q) = %#v, %v", text, got, err)
		}
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "has no rif",
		"latency=3ms":                      "has no rif",
		"rif=":                             `rif is ""`,
		"rif":                              `rif is ""`,
		"rif=-1":                           `rif is "-1"`,
		"rif=+1":                           `rif is "+1"`,
		"rif=1e3":                          `rif is "1e3"`,
		"rif=1073741825":                   "from 0 to 1073741824",
		"rif=99999999999999999999":         "from 0 to",
		"rif=1, rif=2":                     "says rif twice",
		"rif=1, latency=":                  `latency is ""`,
		"rif=1, latency=12":                `latency is "12"`,
		"rif=1, latency=-1ms":              `latency is "-1ms"`,
		"rif=1, latency=1h1ns":             "from 0 to 1h0m0s",
		"rif=1, latency=1ms, latency=1ms":  "says latency twice",
		"rif=1" + strings.Repeat(" ", 256): "longer than 256 bytes",
	} {
		r, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "load report ") || r != (Report{}) {
			t.Errorf("Parse(%q) = %#v, %v; want an error with %q", text, r, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "rif=3, latency=12ms", "rif=-1", "rif=1,rif=2", "latency=9223372036854775807ns,rif=0", "=,=", "rif=0x1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		if r.InFlight < 0 || r.InFlight > maxInFlight || r.Latency < 0 || r.Latency > maxLatency {
			t.Fatalf("Parse(%q) = %#v", text, r)
		}
		again, err := Parse(r.String())
		if err != nil || again.InFlight != r.InFlight || again.Latency != r.Latency.Truncate(time.Microsecond) {
			t.Fatalf("%q became %q: %#v, %v", text, r.String(), again, err)
		}
	})
}
