package file

import (
	"cmp"
	"fmt"
	"time"
)

const minPoll = 10 * time.Millisecond

// Config adjusts how a file is watched. The zero value is good. A bad value is
// an error of Watch.
type Config struct {
	Poll time.Duration // how often the file is looked at; 500 ms if zero, at least 10 ms
}

func (c Config) poll() (time.Duration, error) {
	poll := cmp.Or(c.Poll, 500*time.Millisecond)
	if poll < minPoll {
		return 0, fmt.Errorf("poll is %s: at least %s, or 0 for the default", poll, minPoll)
	}
	return poll, nil
}
