package etcd

import (
	"errors"
	"time"

	"github.com/go-kit/log"
)

// maxComplaints is how many lines a minute may be logged about values that
// cannot be read. Whoever writes them decides how many there are.
const maxComplaints = 10

// complaints logs them.
type complaints struct {
	logger log.Logger
	since  time.Time // of the minute
	lines  int       // in it
	muted  int       // since the last line
}

func (c *complaints) add(now time.Time, key string, rev int64, err error, lastGoodKept bool) {
	if now.Sub(c.since) >= time.Minute {
		c.since, c.lines = now, 0
	}
	if c.lines >= maxComplaints {
		c.muted++
		return
	}
	c.lines++
	_ = c.logger.Log("msg", "instance ignored: its value is bad; register it anew or delete the key",
		"key", key[:min(len(key), 128)], "revision", rev, "err", err, "last_good_kept", lastGoodKept, "unlogged", c.muted)
	c.muted = 0
}

// reasonOf is the reason that a *bad in err has.
func reasonOf(err error) string {
	if b, ok := errors.AsType[*bad](err); ok {
		return b.reason
	}
	return "instance"
}
