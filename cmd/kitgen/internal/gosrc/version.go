package gosrc

import (
	"cmp"
	"slices"
	"strings"
)

// newer reports whether version a is above b, as the go command orders them; it
// is if there is no b.
func newer(a, b string) bool {
	if b == "" {
		return true
	}
	release, pre := parts(a)
	otherRelease, otherPre := parts(b)
	if c := slices.CompareFunc(release, otherRelease, element); c != 0 {
		return c > 0
	}
	if len(pre) == 0 || len(otherPre) == 0 {
		return len(pre) < len(otherPre) // a release is above what came before it
	}
	return slices.CompareFunc(pre, otherPre, element) > 0
}

// parts are what is between the dots of a version, in front of the first
// hyphen and behind it. What follows a plus does not count.
func parts(version string) (release, pre []string) {
	version, _, _ = strings.Cut(strings.TrimPrefix(version, "v"), "+")
	front, behind, isPre := strings.Cut(version, "-")
	if isPre {
		pre = strings.Split(behind, ".")
	}
	return strings.Split(front, "."), pre
}

// element orders numbers by their value and in front of everything else.
func element(a, b string) int {
	number := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	switch {
	case number(a) && number(b):
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) // none begins with 0
	case number(a):
		return -1
	case number(b):
		return 1
	}
	return strings.Compare(a, b)
}
