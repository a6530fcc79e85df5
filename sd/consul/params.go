package consul

import (
	"fmt"
	"strconv"
	"time"

	"github.com/kitgen/kitgen/sd"
)

// params reads a target's parameters, and keeps the first error.
type params struct {
	sd.Target

	err error
}

func (p *params) fail(err error) {
	if p.err == nil && err != nil {
		p.err = err
	}
}

func (p *params) has(key string) bool { return len(p.Params[key]) > 0 }

// text is the value of key; otherwise if it is not there.
func (p *params) text(key, otherwise string) string {
	if !p.has(key) {
		return otherwise
	}
	value := p.Params.Get(key)
	if value == "" {
		p.fail(fmt.Errorf("parameter %s is empty: write a value, or take it away", key))
	}
	return value
}

func (p *params) flag(key string, otherwise bool) bool {
	value, err := p.Bool(key, otherwise)
	p.fail(err)
	return value
}

func (p *params) duration(key string, otherwise time.Duration) time.Duration {
	value, err := p.Duration(key, otherwise)
	p.fail(err)
	return value
}

func (p *params) count(key string, otherwise int) int {
	if !p.has(key) {
		return otherwise
	}
	n, err := strconv.ParseUint(p.Params.Get(key), 10, 31)
	if err != nil {
		p.fail(fmt.Errorf("parameter %s is %.128q: write a whole number such as 5, or 0 for no limit", key, p.Params.Get(key)))
	}
	return int(n)
}
