package coalesce_test

import (
	"testing"

	"github.com/kitgen/kitgen/middleware/coalesce"
)

func TestValidateNamesTheField(t *testing.T) {
	if err := (coalesce.Config{Key: byRequest}).Validate(); err != nil {
		t.Error(err)
	}
	want := "coalesce: Config.Key is nil: want a function that says which calls are alike"
	if err := (coalesce.Config{}).Validate(); err == nil || err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	defer func() {
		if v, _ := recover().(error); v == nil || v.Error() != want {
			t.Errorf("New panicked with %v", v)
		}
	}()
	coalesce.New(coalesce.Config{})
}
