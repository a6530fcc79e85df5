package sim

import (
	"math"
	"math/rand/v2"
	"time"
)

// Service is how long calls take a worker of speed 1. The zero value is
// exponential with a mean of 10 ms.
type Service struct {
	Shape  Shape
	Mean   time.Duration // 10 ms if zero
	Sigma  float64       // Lognormal: of the logarithm; 1.5 if zero, whose variation CV² is 8.5
	Share  float64       // Bimodal: of long calls; 0.01 if zero
	Factor float64       // Bimodal: how much longer those take; 50 if zero
	Spread time.Duration // Normal: standard deviation; 3 % of the mean if zero
}

// Shape is a distribution.
type Shape int

// How the times are distributed.
const (
	Exponential Shape = iota
	Lognormal         // heavy-tailed
	Bimodal           // most calls short, some long, nothing between
	Normal            // nearly the same for all
)

func (s Service) withDefaults() Service {
	if s.Mean == 0 {
		s.Mean = 10 * time.Millisecond
	}
	if s.Sigma == 0 {
		s.Sigma = 1.5
	}
	if s.Share == 0 {
		s.Share = 0.01
	}
	if s.Factor == 0 {
		s.Factor = 50
	}
	if s.Spread == 0 {
		s.Spread = s.Mean * 3 / 100
	}
	return s
}

// draw returns the work of one call, in nanoseconds of a worker of speed 1.
func (s Service) draw(r *rand.Rand) float64 {
	mean := float64(s.Mean)
	switch s.Shape {
	case Lognormal:
		return mean * math.Exp(s.Sigma*r.NormFloat64()-s.Sigma*s.Sigma/2)
	case Bimodal:
		short := mean / (1 + s.Share*(s.Factor-1))
		if r.Float64() < s.Share {
			return short * s.Factor
		}
		return short
	case Normal:
		return max(mean+float64(s.Spread)*r.NormFloat64(), mean/100)
	default:
		return mean * r.ExpFloat64()
	}
}
