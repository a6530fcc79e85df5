package addsvc

import (
	"math"
	"testing"
)

func TestSum(t *testing.T) {
	tests := []struct{ a, b, want int }{
		{0, 0, 0},
		{1, 2, 3},
		{-1, 1, 0},
		{math.MaxInt, 0, math.MaxInt},
		{math.MinInt, 0, math.MinInt},
		{math.MaxInt, 1, math.MinInt},
	}
	for way, svc := range everyWay(t, New()) {
		t.Run(way, func(t *testing.T) {
			for _, tt := range tests {
				if sum, err := svc.Sum(t.Context(), tt.a, tt.b); err != nil || sum != tt.want {
					t.Errorf("Sum(%d, %d) = %d, %v, want %d", tt.a, tt.b, sum, err, tt.want)
				}
			}
		})
	}
}

func TestConcat(t *testing.T) {
	tests := []struct{ a, b, want string }{
		{"", "", ""},
		{"a", "b", "ab"},
		{"ü\n", "\x00 \"<>", "ü\n\x00 \"<>"},
	}
	for way, svc := range everyWay(t, New()) {
		t.Run(way, func(t *testing.T) {
			for _, tt := range tests {
				if joined, err := svc.Concat(t.Context(), tt.a, tt.b); err != nil || joined != tt.want {
					t.Errorf("Concat(%q, %q) = %q, %v, want %q", tt.a, tt.b, joined, err, tt.want)
				}
			}
		})
	}
}
