package stub

import (
	"context"
	"errors"
	"net/url"
	"sync"

	"google.golang.org/grpc/attributes"
	"google.golang.org/grpc/resolver"

	"github.com/kitgen/kitgen/sd"
)

// watching is a resolver.Builder for the targets of one scheme.
type watching struct {
	scheme   sd.Scheme
	cfg      sd.InstancerConfig
	settings *settings
}

var _ resolver.AuthorityOverrider = (*watching)(nil)

// Scheme implements resolver.Builder.
func (w *watching) Scheme() string { return w.scheme.Name }

// Build implements resolver.Builder. It touches no network. Errors, which calls
// then fail with, show no password.
func (w *watching) Build(t resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	instances, err := sd.Open(targetOf(w.scheme, t.URL), w.cfg, w.scheme)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &watch{instances: instances, stop: stop}
	r.loop.Go(func() { r.follow(ctx, cc, w.settings) })
	return r, nil
}

// OverrideAuthority implements resolver.AuthorityOverrider: it is what the target
// names last, the service. Without a path, as in a static target, it is the first
// host.
func (w *watching) OverrideAuthority(t resolver.Target) string {
	target, err := sd.ParseTarget(targetOf(w.scheme, t.URL))
	switch {
	case err != nil: // Build says so
		return "invalid"
	case len(target.Path) > 0:
		return url.PathEscape(target.Path[len(target.Path)-1])
	}
	return target.Hosts[0]
}

// targetOf is the target as it was before gRPC read it. A static one may have its
// hosts as gRPC writes them, behind three slashes.
func targetOf(scheme sd.Scheme, u url.URL) string {
	if scheme.Name == "static" && u.Host == "" && u.User == nil && len(u.Path) > 1 {
		u.Host, u.Path, u.RawPath = u.Path[1:], "", ""
	}
	return u.String()
}

// watch is the resolver of one connection.
type watch struct {
	instances *sd.Instancer
	stop      func()
	loop      sync.WaitGroup
}

// ResolveNow does nothing: what changes is told of at once.
func (r *watch) ResolveNow(resolver.ResolveNowOptions) {}

// Close implements resolver.Resolver.
func (r *watch) Close() {
	r.stop()
	r.instances.Stop()
	r.loop.Wait()
}

// follow tells cc of every set there is.
func (r *watch) follow(ctx context.Context, cc resolver.ClientConn, s *settings) {
	about := attributes.New(settingsKey{}, s).WithValue(unreachableKey{}, told{r.instances})
	for {
		snap, newer := r.instances.Snapshot()
		switch {
		case len(snap.Instances) > 0 || snap.Synced:
			_ = cc.UpdateState(resolver.State{Endpoints: endpointsOf(snap.Instances), Attributes: about}) // that nobody is there is no reason to ask again
		case snap.Err != nil:
			cc.ReportError(errors.New("find instances: " + snap.Err.Error())) // its text: see kitBalancer.show
		}
		select {
		case <-newer:
		case <-ctx.Done():
			return
		}
	}
}

func endpointsOf(all []sd.Instance) []resolver.Endpoint {
	es := make([]resolver.Endpoint, len(all)) // not nil: gRPC looks at Addresses then
	for i, in := range all {
		es[i] = resolver.Endpoint{Addresses: []resolver.Address{{Addr: in.Addr}}, Attributes: attributes.New(instanceKey{}, known{in})}
	}
	return es
}

// Keys of attributes.
type (
	instanceKey    struct{} // of an endpoint: known
	settingsKey    struct{} // of a state: *settings
	unreachableKey struct{} // of a state: told
)

// known is an instance as an attribute, which gRPC compares.
type known struct{ sd.Instance }

// Equal implements what attributes.Attributes asks for. That two are the same does
// not matter to anybody but us, who look closer.
func (known) Equal(any) bool { return false }

// String keeps what an instance carries out of gRPC's logs.
func (k known) String() string { return k.ID }

// told is who wants to know of instances that refuse connections.
type told struct{ instances *sd.Instancer }

// telling is one of gRPC's own resolvers, which tells the balancer our settings, too.
type telling struct {
	resolver.Builder

	settings *settings
}

// Build implements resolver.Builder.
func (t *telling) Build(target resolver.Target, cc resolver.ClientConn, opts resolver.BuildOptions) (resolver.Resolver, error) {
	return t.Builder.Build(target, &tellingConn{cc, t.settings}, opts)
}

type tellingConn struct {
	resolver.ClientConn

	settings *settings
}

// UpdateState implements resolver.ClientConn.
func (c *tellingConn) UpdateState(s resolver.State) error {
	s.Attributes = s.Attributes.WithValue(settingsKey{}, c.settings)
	return c.ClientConn.UpdateState(s)
}
