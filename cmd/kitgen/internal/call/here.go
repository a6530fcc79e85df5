package call

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strings"

	httptransport "github.com/go-kit/kit/transport/http"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// here is a callee by its interface.
type here struct {
	types
	m      *spec.Method
	rpc    protoreflect.MethodDescriptor // nil over HTTP
	before httptransport.RequestFunc     // over HTTP
}

func (h here) about() about { return h.describe(h.m) }

// describe is what the interface says of m.
func (ts types) describe(m *spec.Method) about {
	a := about{Service: ts.svc.Name, Method: m.Name, StreamIn: m.StreamIn, StreamOut: m.StreamOut, again: m.Idempotent && !m.StreamIn, limit: m.Timeout}
	for i, f := range m.Head() {
		a.Arguments = append(a.Arguments, argumentOf(f))
		a.needs = a.needs || ts.mayBeNull(f.Type) != nil && !(m.Variadic && i == len(m.Params)-1)
	}
	if m.StreamIn {
		a.element, a.needs = argumentOf(m.Item()), false
	}
	return a
}

func argumentOf(f spec.Field) string { return f.JSON + "=" + strings.ToUpper(f.Type.Go) }

func (h here) example() (json.RawMessage, error) {
	fields := h.m.Params
	if h.m.StreamIn {
		fields = []spec.Field{h.m.Item()}
	}
	return json.Marshal(h.sampleFields(fields, 0))
}

func (h here) request(words []string, data input) (any, error) {
	values, err := h.arguments(h.m, words, data)
	if err != nil || h.rpc == nil {
		return values, err
	}
	if h.m.StreamIn && len(h.m.Head()) == 0 {
		return (*dynamicpb.Message)(nil), nil
	}
	return h.made(h.m.Head(), values)
}

func (h here) item(line input) (any, error) {
	fields := []spec.Field{h.m.Item()}
	object, err := line.object()
	if err == nil {
		object, err = h.checkFields(fields, object)
		if err != nil {
			err = line.errorf("%s: %w", line.position(0), err)
		}
	}
	if err != nil {
		return nil, refuse(h.about(), "%v", err)
	}
	if h.rpc == nil {
		return object, nil
	}
	return h.made(fields, object)
}

// made is a message for gRPC.
func (h here) made(fields []spec.Field, values map[string]any) (any, error) {
	m, err := h.message(h.rpc.Input(), h.m.In, fields, values)
	if err != nil {
		return nil, refuse(h.about(), "%v", err)
	}
	return m, nil
}

func (h here) job(request any, more items) any {
	if h.rpc == nil {
		values, _ := request.(map[string]any) // see request
		return h.onHTTP(values, more)
	}
	in, _ := request.(*dynamicpb.Message) // likewise
	return rpc{h.rpc, func(m *dynamicpb.Message) (json.RawMessage, error) {
		values, err := h.values(h.m.Out, h.m.Results, m)
		if err != nil {
			return nil, err
		}
		return json.Marshal(ordered{h.m.Results, values})
	}}.job(in, more)
}

// onHTTP calls the method by its route.
func (h here) onHTTP(values map[string]any, more items) onHTTP {
	r := h.m.Route()
	place := func(values map[string]any) (kithttp.Parts, error) { return parts(h.m, values) }
	switch {
	case h.m.StreamIn:
		return func(ctx context.Context, c *http.Client, base *url.URL) (any, error) {
			lines := func(values map[string]any) iter.Seq[any] { return lines(h.m, values, more(ctx)) }
			return kithttp.NewUploadEndpoint[json.RawMessage](c, r.Verb, base, r.Path, lines, h.before)(ctx, values)
		}
	case h.m.StreamOut:
		return func(ctx context.Context, c *http.Client, base *url.URL) (any, error) {
			return kithttp.NewRouteLinesEndpoint[json.RawMessage](c, r.Verb, base, r.Path, place, h.before)(ctx, values)
		}
	}
	return func(ctx context.Context, c *http.Client, base *url.URL) (any, error) {
		return kithttp.NewRouteEndpoint[json.RawMessage](c, r.Verb, base, r.Path, place, h.before)(ctx, values)
	}
}

// lines are those of a request: what m takes beside a sequence, and its elements. An
// error becomes a line that cannot be encoded, which breaks the request off.
func lines(m *spec.Method, values map[string]any, more iter.Seq2[any, error]) iter.Seq[any] {
	return func(yield func(any) bool) {
		if len(m.Head()) > 0 && !yield(values) {
			return
		}
		for v, err := range more {
			if err != nil {
				v = broken{err}
			}
			if !yield(v) {
				return
			}
		}
	}
}

// broken is what is there in place of an element.
type broken struct{ err error }

// MarshalJSON fails.
func (b broken) MarshalJSON() ([]byte, error) { return nil, b.err }
