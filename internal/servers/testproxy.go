package servers

import "testing"

// TestProxy is a [Proxy] of a test: it is closed when the test ends, and the
// test fails where an operation would return an error. Heal is for the test's
// own goroutine, as [testing.TB.FailNow] is.
type TestProxy struct {
	*Proxy

	tb testing.TB
}

// NewProxy starts a proxy to target (host:port) for tb.
func NewProxy(tb testing.TB, target string) *TestProxy {
	tb.Helper()
	p, err := StartProxy(target)
	if err != nil {
		tb.Fatal(err)
	}
	t := &TestProxy{Proxy: p, tb: tb}
	tb.Cleanup(t.Close)
	return t
}

// Heal ends every fault. Connections that were cut or reset stay so.
func (p *TestProxy) Heal() {
	p.tb.Helper()
	if err := p.Proxy.Heal(); err != nil {
		p.tb.Fatal(err)
	}
}

// Close ends the proxy and joins its goroutines. It may be called again; the
// test's cleanup does.
func (p *TestProxy) Close() {
	p.tb.Helper()
	if err := p.Proxy.Close(); err != nil {
		p.tb.Error(err)
	}
}
