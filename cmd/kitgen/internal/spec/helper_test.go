package spec

import (
	"regexp"
	"testing"
)

var codePattern = regexp.MustCompile(`KG[0-9]{3}b?`)

// must turns an error of a helper's helper into a failed test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
