package decimal_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/kitgen/kitgen/transport/internal/decimal"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "250": 250, "-1": -1, "+5": 5, "007": 7,
		"9223372036854775808":   math.MaxInt64,
		"99999999999999999999":  math.MaxInt64,
		"+99999999999999999999": math.MaxInt64,
		"-99999999999999999999": math.MinInt64,
	} {
		if n, ok := decimal.Parse(text); n != want || !ok {
			t.Errorf("%q: %d %t, want %d", text, n, ok, want)
		}
	}
	for _, text := range []string{"", "-", "x", "1.5", "1e3", "1_000", "0x10", " 1", "NaN", "٣", "99999999999999999999A", "9999999999999999999 9", "--99999999999999999999"} {
		if n, ok := decimal.Parse(text); ok {
			t.Errorf("%q: %d", text, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0", "-1", "+7", "9223372036854775808", "20000000000000000000A", "1_0", "-"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, ok := decimal.Parse(text)
		exact, valid := new(big.Int).SetString(text, 10)
		if ok != valid {
			t.Fatalf("%q: a number: %t, want %t", text, ok, valid)
		}
		if ok && exact.IsInt64() && exact.Int64() != n {
			t.Errorf("%q: %d", text, n)
		}
		if ok && !exact.IsInt64() && n != math.MaxInt64 && n != math.MinInt64 {
			t.Errorf("%q: %d is not the nearest", text, n)
		}
	})
}
