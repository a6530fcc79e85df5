package lb

import "math/bits"

// dice makes many random numbers from one: the runtime's generator costs 7 ns
// a number, which a pick among eight would pay several times. It is splitmix64.
type dice struct{ state uint64 }

func (d *dice) roll() uint64 {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number in [0, n).
func (d *dice) below(n int) int {
	hi, _ := bits.Mul64(d.roll(), uint64(n))
	return int(hi)
}

// fraction returns a number in [0, 1).
func (d *dice) fraction() float64 { return float64(d.roll()>>11) / (1 << 53) }

// stretches cuts [0, n) into count pieces of equal length, laid end to end from
// a random place on. One number drawn from each makes as many that differ without
// looking, and each number has the same chance.
type stretches struct{ n, step, at uint64 }

// cut needs inverse = 1<<32 / count + 1, so as not to divide for every pick, and
// n ≥ count.
func (d *dice) cut(n int, inverse uint64) stretches {
	return stretches{uint64(n), uint64(n) * inverse >> 32, uint64(d.below(n))}
}

// draw returns a number from the next stretch, by the last 32 bits of luck.
func (s *stretches) draw(luck uint64) uint64 {
	i := s.at + uint64(uint32(luck))*s.step>>32
	if i >= s.n {
		i -= s.n
	}
	if s.at += s.step; s.at >= s.n {
		s.at -= s.n
	}
	return i
}
