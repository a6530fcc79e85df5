package kithttp

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"os"
	"sync"

	kitlb "github.com/go-kit/kit/sd/lb"
	httptransport "github.com/go-kit/kit/transport/http"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kitgen/kitgen/internal/load"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/draining"
	"github.com/kitgen/kitgen/transport/internal/kind"
	"github.com/kitgen/kitgen/transport/internal/pushback"
)

// ProxyConfig is how requests go through a proxy. The zero value is good.
type ProxyConfig struct {
	Host string // of the requests that go out: the service's name; that of the request if empty

	// Trusted says that whoever calls is a proxy itself, whose X-Forwarded-For, -Host
	// and -Proto are to be believed. They are those of the connection if false.
	Trusted bool

	// Before are called with each request before an instance is picked, and give it
	// its context: a session, a key. After are called with each response before it is
	// passed on, and may add to its header: a cookie. Both are go-kit's.
	Before []httptransport.RequestFunc
	After  []httptransport.ClientResponseFunc

	Logger log.Logger // told why requests could not be passed on; silent if nil
}

// NewProxy returns a reverse proxy, a thin httputil.ReverseProxy, whose requests are
// made by rt: a RoundTripper.
//
// It passes on what makes a request one hop of many (X-Forwarded-For, -Host,
// -Proto; Via is not added), how long its caller waits (ReceiveCall), streams, which are flushed as
// they come, and upgrades, such as to WebSocket. What is about one connection
// stays there: hop-by-hop headers, and what an instance says of itself, its load and
// that it leaves.
//
// A request that no instance answered is answered with problem+json: 503 if it
// was not sent, as when there is nobody or all circuits are open; 504 if its time
// is up; 413 or 408 if its body is larger or slower than the server of the proxy
// accepts, and 400 if that cannot be read; 502 otherwise. The reason, which names
// instances, is for the Logger alone. A response that breaks off breaks off at the
// client, too.
func NewProxy(rt http.RoundTripper, cfg ProxyConfig) http.Handler {
	if cfg.Logger == nil {
		cfg.Logger = log.NewNopLogger()
	}
	p := &proxy{cfg: cfg}
	return &httputil.ReverseProxy{
		Transport:      rt,
		Rewrite:        p.rewrite,
		ModifyResponse: p.passOn,
		ErrorHandler:   p.fail,
		ErrorLog:       newErrorLog(level.Warn(cfg.Logger)),
		BufferPool:     &p.buffers,
	}
}

type proxy struct {
	cfg     ProxyConfig
	buffers buffers
}

func (p *proxy) rewrite(r *httputil.ProxyRequest) {
	ctx := ReceiveCall(r.Out.Context(), r.In)
	r.Out.URL.Scheme, r.Out.URL.Host = schemeHTTP, p.cfg.Host // which is the name; the factory knows how to get there
	if p.cfg.Host == "" {
		r.Out.URL.Host = r.In.Host
	}
	r.Out.URL.Opaque, r.Out.Host = "", "" // "GET http:x:/y" would go past the instance's own path
	p.forward(r)
	for _, f := range p.cfg.Before {
		ctx = f(ctx, r.Out) //nolint:fatcontext // each adds to the one before
	}
	r.Out = r.Out.WithContext(ctx)
}

const (
	forwardedFor   = "X-Forwarded-For"
	forwardedHost  = "X-Forwarded-Host"
	forwardedProto = "X-Forwarded-Proto"
)

// forward says for whom the request is.
func (p *proxy) forward(r *httputil.ProxyRequest) {
	if p.cfg.Trusted {
		r.Out.Header[forwardedFor] = r.In.Header[forwardedFor] // SetXForwarded adds to it
	}
	r.SetXForwarded()
	if !p.cfg.Trusted {
		return
	}
	for _, name := range []string{forwardedHost, forwardedProto} {
		if values := r.In.Header[name]; len(values) > 0 {
			r.Out.Header[name] = values
		}
	}
}

func (p *proxy) passOn(resp *http.Response) error {
	for _, name := range []string{draining.Header, load.Header} {
		delete(resp.Header, name)
	}
	ctx := resp.Request.Context()
	for _, f := range p.cfg.After {
		ctx = f(ctx, resp) //nolint:fatcontext // each adds to the one before
	}
	return nil
}

// fail answers a request that nobody has answered.
func (p *proxy) fail(w http.ResponseWriter, r *http.Request, err error) {
	_ = level.Warn(p.cfg.Logger).Log("msg", "not passed on", "method", r.Method, "path", r.URL.Path, "err", err)
	EncodeError(r.Context(), outside(r.Context(), err), w)
}

// outside is what callers are told of err: nothing about instances, but when to come
// again.
func outside(ctx context.Context, err error) error {
	e := &Error{Status: http.StatusBadGateway, Message: "the service could not be reached, or did not answer"}
	unsent, ok := errors.AsType[interface {
		error
		NotSent() bool
	}](err)
	broken, body := errors.AsType[*bodyError](err)
	switch late := errors.Is(err, context.DeadlineExceeded); {
	case errors.Is(context.Cause(ctx), transport.ErrStopping):
		return transport.ErrStopping
	case body && (ctx.Err() == nil || errors.Is(broken, os.ErrDeadlineExceeded)): // by which net/http ends the context of HTTP/1
		return readError(broken.err)
	case errors.Is(ctx.Err(), context.Canceled):
		return &Error{Status: kind.StatusClientClosed}
	case ctx.Err() == nil && (ok && unsent.NotSent() || errors.Is(err, kitlb.ErrNoEndpoints)):
		e = &Error{Status: http.StatusServiceUnavailable, Message: "nobody can take the request now"}
	case ctx.Err() != nil, late:
		e = &Error{Status: http.StatusGatewayTimeout, Message: "the service did not answer in time"}
	}
	if after, ok := pushback.Of(err); ok {
		return &pushedBack{e, after}
	}
	return e
}

// buffers are what bodies are copied through.
type buffers struct{ pool sync.Pool }

type buffer [32 << 10]byte

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if taken, ok := b.pool.Get().(*buffer); ok {
		return taken[:]
	}
	return new(buffer)[:]
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(s []byte) { b.pool.Put((*buffer)(s)) }
