package report

import (
	"fmt"
	"io"
	"time"
)

// Hedged is one way to make a call in one scenario.
type Hedged struct {
	MeanMS     float64 `json:"mean_ms"`
	P50MS      float64 `json:"p50_ms"`
	P99MS      float64 `json:"p99_ms"`
	P999MS     float64 `json:"p999_ms"`
	ErrorShare float64 `json:"error_share"`
	ExtraShare float64 `json:"extra_share"` // second attempts, per call
	WonShare   float64 `json:"won_share"`   // of those, the ones that were first to succeed
}

func (s *Summary) hedged() map[string]map[string]Hedged {
	all := make(map[string]map[string]Hedged)
	for _, sc := range s.Scenarios {
		all[sc.Name] = make(map[string]Hedged)
		for _, b := range s.Balancers {
			if c := s.Cell(b, sc.Name); c != nil {
				all[sc.Name][b] = Hedged{
					MeanMS: ms(c.Mean), P50MS: ms(c.P50), P99MS: ms(c.P99), P999MS: ms(c.P999),
					ErrorShare: c.Errors, ExtraShare: c.Extra, WonShare: c.Won,
				}
			}
		}
	}
	return all
}

// hedges prints a table for each scenario.
func (s *Summary) hedges(w io.Writer) {
	fmt.Fprintf(w, "\nsecond attempts: latency, calls that failed or timed out, second attempts per call, and how many of these won\n(mean of %d seeds):\n", s.Seeds)
	for _, sc := range s.Scenarios {
		fmt.Fprintf(w, "\n%s: %s\n%-*s%10s%10s%10s%10s%10s%10s\n", sc.Name, sc.Title, nameWidth, "", "p50", "p99", "p99.9", "errors", "extra", "won")
		for _, b := range s.Balancers {
			c := s.Cell(b, sc.Name)
			if c == nil {
				continue
			}
			fmt.Fprintf(w, "%-*s%10s%10s%10s%10s%10s%10s\n", nameWidth, b,
				tenths(c.P50), tenths(c.P99), tenths(c.P999), percent(c.Errors), percent(c.Extra), ratio(c.Won, c.Extra))
		}
	}
}

func tenths(d time.Duration) string { return fmt.Sprintf("%.1f ms", ms(d)) }

// ratio writes a share of something, if there is any.
func ratio(share, of float64) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", 100*share)
}
