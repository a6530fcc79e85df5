package params

import (
	"encoding"
	"fmt"
	"math"
	"strconv"
	"time"
)

// String takes any text.
func String[T ~string](text string) (T, error) { return T(text), nil }

// Bool takes true and false, and what else strconv.ParseBool does.
func Bool[T ~bool](text string) (T, error) {
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("want true or false, got %q", text)
	}
	return T(v), nil
}

// Int takes a whole decimal number that T can hold.
func Int[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](text string) (T, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if v := T(n); int64(v) == n && (v < 0) == (n < 0) {
			return v, nil
		}
	} else if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		if v := T(n); uint64(v) == n && v >= 0 {
			return v, nil
		}
	}
	least, most := bounds[T]()
	return 0, fmt.Errorf("want a whole number from %d to %d, got %q", least, most, text)
}

// bounds are the least and the greatest number that T can hold.
func bounds[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64]() (least, most T) {
	if least--; least > 0 {
		return 0, least // it has wrapped around
	}
	for most = 1; most<<1 > most; {
		most = most<<1 | 1
	}
	return -most - 1, most
}

// Float takes a number that JSON could have, so neither NaN nor an infinity.
func Float[T ~float32 | ~float64](text string) (T, error) {
	n, err := strconv.ParseFloat(text, 64)
	v := T(n)
	if err != nil || math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
		return 0, fmt.Errorf("want a number, got %q", text)
	}
	return v, nil
}

// Time takes an RFC 3339 time, as in 2006-01-02T15:04:05.999Z.
func Time(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, fmt.Errorf("want a time as in 2006-01-02T15:04:05Z, got %q", text)
	}
	return t, nil
}

// Duration takes a number with its unit, as in 1.5s, 300ms or 2h45m.
func Duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return d, fmt.Errorf("want a duration as in 1.5s, got %q", text)
	}
	return d, nil
}

// Text takes what T's own UnmarshalText does.
func Text[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](text string) (v T, err error) {
	return v, P(&v).UnmarshalText([]byte(text))
}
