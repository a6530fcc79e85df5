package report

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/kitgen/kitgen/lb/lbsim/internal/sim"
)

// Document is what -json prints, as one line. Times are in milliseconds and
// seconds as they say, shares are in [0, 1].
type Document struct {
	Seeds     int                 `json:"seeds"`
	Balancers map[string]Balancer `json:"balancers"`

	Hedging map[string]map[string]Hedged `json:"hedging,omitempty"` // by scenario and way to make a call
}

// Balancer is one in all its scenarios.
type Balancer struct {
	Gmean     float64          `json:"gmean,omitempty"`      // of the p99 ratios over the latency scenarios that were run
	GmeanOf   int              `json:"gmean_of,omitempty"`   // how many those are
	Robust    float64          `json:"robustness,omitempty"` // likewise, over R1 to R7
	Scenarios map[string]Entry `json:"scenarios"`
}

// Entry is one balancer in one scenario.
type Entry struct {
	P99Ratio  float64 `json:"p99_ratio"`    // 0 if central was not played
	CI        float64 `json:"ci,omitempty"` // half the 95 % interval of p99_ratio
	MeanRatio float64 `json:"mean_ratio,omitempty"`

	MeanMS     float64 `json:"mean_ms"`
	P50MS      float64 `json:"p50_ms"`
	P99MS      float64 `json:"p99_ms"`
	P999MS     float64 `json:"p999_ms"`
	ErrorShare float64 `json:"error_share"`
	ErrorCI    float64 `json:"error_ci"`
	Goodput    float64 `json:"goodput"`
	Imbalance  float64 `json:"imbalance"`
	Messages   float64 `json:"messages"`

	BadShare       float64  `json:"bad_share"`              // 0 too where no server is bad
	BackAfter      *float64 `json:"back_after_s,omitempty"` // -1: never
	RecoveredShare *float64 `json:"recovered_share,omitempty"`
	FairShare      *float64 `json:"fair_share,omitempty"`
}

// WriteJSON prints the whole as one line.
func (s *Summary) WriteJSON(w io.Writer) error {
	d := Document{Seeds: s.Seeds, Balancers: make(map[string]Balancer)}
	for _, b := range s.Balancers {
		of := Balancer{Scenarios: make(map[string]Entry)}
		of.Gmean, of.GmeanOf = s.Mean(b, func(sc sim.Scenario) bool { return sc.Latency })
		of.Robust, _ = s.Mean(b, robustness)
		for _, sc := range s.Scenarios {
			if c := s.Cell(b, sc.Name); c != nil {
				of.Scenarios[sc.Name] = entry(sc, c)
			}
		}
		d.Balancers[b] = of
	}
	if s.Hedging != nil {
		d.Seeds = max(d.Seeds, s.Hedging.Seeds)
		d.Hedging = s.Hedging.hedged()
	}
	line, err := json.Marshal(d)
	if err != nil {
		return fmt.Errorf("write the results as JSON: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", line)
	return err
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func entry(sc sim.Scenario, c *Cell) Entry {
	e := Entry{
		P99Ratio: c.P99Ratio, CI: c.RatioCI, MeanRatio: c.MeanRatio,
		MeanMS: ms(c.Mean), P50MS: ms(c.P50), P99MS: ms(c.P99), P999MS: ms(c.P999),
		ErrorShare: c.Errors, ErrorCI: c.ErrorsCI,
		Goodput: c.Goodput, Imbalance: c.Imbalance, Messages: c.Messages,
	}
	if sc.Watch > 0 {
		e.BadShare = c.Watched
	}
	if recovers(sc) {
		back := c.Back.Seconds()
		if c.Back < 0 {
			back = -1
		}
		e.BackAfter, e.RecoveredShare, e.FairShare = &back, &c.Recovered, &c.Fair
	}
	return e
}
