package bulkhead

import (
	"strings"
	"testing"
)

func TestValidateNamesTheField(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Error(err)
	}
	const want = "bulkhead: Config.MaxInFlight is -1: want at least 1, or 0 for 100"
	if err := (Config{MaxInFlight: -1}).Validate(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	defer func() {
		if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New panicked with %v", err)
		}
	}()
	New(Config{MaxInFlight: -1})
}

func TestNoOverflow(t *testing.T) {
	const most = int(^uint(0) >> 1)
	r := newRig(t, Config{MaxInFlight: most})
	if _, err := r.call(t.Context(), func() (any, error) { return nil, nil }); err != nil {
		t.Error(err)
	}
}
