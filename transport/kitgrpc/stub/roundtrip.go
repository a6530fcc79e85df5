package stub

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"
)

// roundTrip is the context of one unary call with all its attempts. Each of them
// has a reply of its own, since two may be under way, and what they return may be
// kept by a cache or shared with other callers. The caller's reply becomes a copy
// of what comes of it, and so does what its options asked for.
type roundTrip struct {
	context.Context

	method string
	reply  any        // the caller's; attempts that are left behind must not see it
	fresh  func() any // a message like it
	cc     *grpc.ClientConn
	invoke grpc.UnaryInvoker
	opts   []grpc.CallOption

	mu    sync.Mutex // guards what follows
	ended []*attempted
}

type roundTripKey struct{}

// Value implements context.Context.
func (r *roundTrip) Value(key any) any {
	if key == (roundTripKey{}) {
		return r
	}
	return r.Context.Value(key)
}

func newRoundTrip(ctx context.Context, method string, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts []grpc.CallOption) (*roundTrip, error) {
	if v := reflect.ValueOf(reply); v.Kind() != reflect.Pointer || v.IsNil() {
		return nil, fmt.Errorf("stub: %s: the reply is a %T: pass a pointer to a message", method, reply)
	}
	return &roundTrip{Context: ctx, method: method, reply: reply, fresh: like(reply), cc: cc, invoke: invoke, opts: opts}, nil
}

// attempted is an attempt that has ended.
type attempted struct {
	reply   any
	header  metadata.MD
	trailer metadata.MD
	peer    peer.Peer
}

// attemptOf is an endpoint that makes one attempt of the round trip that ctx is of.
func attemptOf(ctx context.Context, request any) (any, error) {
	r, ok := ctx.Value(roundTripKey{}).(*roundTrip)
	if !ok {
		return nil, errors.New("stub: a middleware of Config.Methods called with a context that does not derive from its own")
	}
	a := &attempted{reply: r.fresh()}
	err := newTrip(ctx).unary(r.method, request, a.reply, r.cc, r.invoke, r.own(a))
	r.mu.Lock()
	r.ended = append(r.ended, a)
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return a.reply, nil
}

// own returns the caller's options, of which those that ask for something get it
// in a.
func (r *roundTrip) own(a *attempted) []grpc.CallOption {
	opts := make([]grpc.CallOption, len(r.opts))
	for i, o := range r.opts {
		switch o.(type) {
		case grpc.HeaderCallOption:
			o = grpc.Header(&a.header)
		case grpc.TrailerCallOption:
			o = grpc.Trailer(&a.trailer)
		case grpc.PeerCallOption:
			o = grpc.Peer(&a.peer)
		}
		opts[i] = o
	}
	return opts
}

// finish gives the caller what came of the call.
func (r *roundTrip) finish(response any, err error) error {
	r.mu.Lock()
	var a *attempted
	for _, e := range r.ended {
		if err != nil || e.reply == response { // an answer's own, an error's last
			a = e
		}
	}
	r.mu.Unlock()
	if a != nil { // else it was somebody else's, or a cache's
		r.tell(a)
	}
	if err != nil {
		return err
	}
	return r.copy(response)
}

func (r *roundTrip) tell(a *attempted) {
	for _, o := range r.opts {
		switch o := o.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = a.header
		case grpc.TrailerCallOption:
			*o.TrailerAddr = a.trailer
		case grpc.PeerCallOption:
			*o.PeerAddr = a.peer
		}
	}
}

// copy makes the caller's reply a copy of response.
func (r *roundTrip) copy(response any) error {
	if reflect.TypeOf(response) != reflect.TypeOf(r.reply) || reflect.ValueOf(response).IsNil() {
		return fmt.Errorf("stub: %s: what surrounds the method returned a %T: want a %T", r.method, response, r.reply)
	}
	if to, ok := r.reply.(proto.Message); ok {
		if from, ok := response.(proto.Message); ok {
			proto.Reset(to)
			proto.Merge(to, from)
			return nil
		}
	}
	reflect.ValueOf(r.reply).Elem().Set(reflect.ValueOf(response).Elem())
	return nil
}

// like returns what makes an empty message of reply's type.
func like(reply any) func() any {
	if m, ok := reply.(proto.Message); ok {
		t := m.ProtoReflect().Type()
		return func() any { return t.New().Interface() }
	}
	t := reflect.TypeOf(reply).Elem()
	return func() any { return reflect.New(t).Interface() }
}
