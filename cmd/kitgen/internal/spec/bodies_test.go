package spec

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWithoutFunctions(t *testing.T) {
	const source = `package p

// empty is.
func empty() {
}

type T struct {
	X int
}

func (t T) MarshalText() ([]byte, error) {
	return nil, nil
}

func line() int { return 1 }

func long(
	a int,
) {
	a++
}

const n = 1

func last() {
	type local struct{}
}
`
	const want = `package p

// empty is.

type T struct {
	X int
}

func (t T) MarshalText() ([]byte, error) 

func line() int { return 1 }

func long(
	a int,
) {
	a++
}

const n = 1

`
	if diff := cmp.Diff(want, string(withoutFunctions([]byte(source)))); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
