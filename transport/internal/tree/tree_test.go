package tree_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/kitgen/kitgen/transport/internal/tree"
)

func TestFirst(t *testing.T) {
	err := fmt.Errorf("sum: %w", errors.Join(errors.New("other"), fmt.Errorf("read: %w", io.EOF), io.ErrClosedPipe))
	either := func(err error) bool { return err == io.EOF || err == io.ErrClosedPipe }
	if got := tree.First(err, either); got != io.EOF {
		t.Errorf("the first is %v", got)
	}
	if got := tree.First(err, func(e error) bool { return e == err }); got != err {
		t.Errorf("err itself is not found, but %v", got)
	}
	for _, err := range []error{nil, err, errors.Join(errors.New("other"), errors.New("another"))} {
		if got := tree.First(err, func(error) bool { return false }); got != nil {
			t.Errorf("%v: found %v", err, got)
		}
	}
}
