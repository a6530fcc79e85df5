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
