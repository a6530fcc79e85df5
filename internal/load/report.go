package load

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Header is the name under which a report travels: an HTTP header, a gRPC
// trailer (where names are in lower case).
const Header = "Kit-Load"

// Report is how busy a server is at one moment.
type Report struct {
	InFlight int           // requests that have begun and not ended, but for the one that the report comes with
	Latency  time.Duration // median of recent requests that began when about as many were in flight; 0 if unknown
}

// String is the report as it travels, such as "rif=3, latency=12000us".
func (r Report) String() string {
	var room [64]byte
	b := strconv.AppendInt(append(room[:0], "rif="...), int64(max(r.InFlight, 0)), 10)
	if us := r.Latency.Microseconds(); us > 0 {
		b = strconv.AppendInt(append(b, ", latency="...), us, 10)
		b = append(b, "us"...)
	}
	return string(b)
}

const (
	longest     = 256     // bytes of a report that are read
	maxInFlight = 1 << 30 // no server has as many; more is a mistake, or somebody who wants no calls
	maxLatency  = time.Hour
)

// Parse reads what String writes. Pairs are separated by commas, in any order;
// those with names it does not know are ignored, so that a later version may
// say more, but rif must be there, and no name twice. A latency is any duration
// as time.ParseDuration reads it.
func Parse(text string) (Report, error) {
	r, err := parse(text)
	if err != nil {
		return Report{}, fmt.Errorf("load report %.64q: %w", text, err)
	}
	return r, nil
}

func parse(text string) (r Report, err error) {
	if len(text) > longest {
		return r, fmt.Errorf("is longer than %d bytes", longest)
	}
	var rif, latency bool
	for pair := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		switch name {
		case "rif":
			err = once(&rif, name)
			if err == nil {
				r.InFlight, err = parseInFlight(value)
			}
		case "latency":
			err = once(&latency, name)
			if err == nil {
				r.Latency, err = parseLatency(value)
			}
		}
		if err != nil {
			return r, err
		}
	}
	if !rif {
		return r, fmt.Errorf("has no rif: want for example %q", Report{3, 12 * time.Millisecond})
	}
	return r, nil
}

func once(seen *bool, name string) error {
	if *seen {
		return fmt.Errorf("says %s twice", name)
	}
	*seen = true
	return nil
}

func parseInFlight(value string) (int, error) {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil || n > maxInFlight {
		return 0, fmt.Errorf("rif is %q: want a number from 0 to %d", value, maxInFlight)
	}
	return int(n), nil
}

func parseLatency(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 || d > maxLatency {
		return 0, fmt.Errorf("latency is %q: want a duration from 0 to %v", value, maxLatency)
	}
	return d, nil
}
