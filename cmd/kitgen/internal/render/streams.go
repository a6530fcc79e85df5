package render

import (
	"slices"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// takeItems says how one element of the sequence travels that the method takes.
func (m *method) takeItems() {
	if !m.StreamIn {
		return
	}
	last := &m.Params[len(m.Params)-1]
	m.Item, m.ItemGo, m.ItemField, m.ItemJSON = lower(m.Name)+"Item", last.GoType, last.Go, last.JSON
	last.GoType, last.JSON = "iter.Seq["+last.GoType+"]", "-"
}

// messages are those of the method that are to be converted.
func (m *method) messages() []message {
	switch {
	case !m.StreamIn:
		return []message{m.RequestPB, m.ResponsePB}
	case len(m.Head()) == 0:
		return []message{m.ItemPB, m.ResponsePB}
	}
	return []message{m.RequestPB, m.ItemPB, m.ResponsePB}
}

// resultType is the type of a result in the signature.
func (m method) resultType(r field) string {
	if m.StreamOut {
		return "iter.Seq2[" + r.GoType + ", error]"
	}
	return r.GoType
}

// Value is the element that a response of a stream holds.
func (m method) Value() field { return m.Results[0] }

// Answer is the type of the response of the method's endpoint.
func (m method) Answer() string {
	if m.StreamOut {
		return "*transport.Stream[" + m.Response + "]"
	}
	return m.Response
}

// LinesOf is the function that makes the lines of a request that has a sequence.
func (m method) LinesOf() string { return lower(m.Name) + "Lines" }

// MessagesOf is the function that makes the messages of such a request.
func (m method) MessagesOf() string { return lower(m.Name) + "Messages" }

// CallOf is the function that makes the endpoint which calls the method over gRPC.
func (m method) CallOf() string { return lower(m.Name) + "OverGRPC" }

// NewServer is the function of kithttp that serves the method.
func (m method) NewServer() string {
	switch {
	case m.StreamIn:
		return "NewUploadServer"
	case m.StreamOut:
		return "NewLinesServer[" + m.Response + "]"
	}
	return "NewServer"
}

// NewClient is the function of kithttp that calls the method.
func (m method) NewClient() string {
	switch {
	case m.StreamIn:
		return "NewUploadEndpoint"
	case m.StreamOut && m.Routed():
		return "NewRouteLinesEndpoint"
	case m.StreamOut:
		return "NewLinesEndpoint"
	case m.Routed():
		return "NewRouteEndpoint"
	}
	return "NewEndpoint"
}

// ServerStream is the stream of the generated gRPC server.
func (m method) ServerStream() string { return m.grpcStream("Server") }

// ClientStream is that of the generated gRPC client.
func (m method) ClientStream() string { return m.grpcStream("Client") }

func (m method) grpcStream(side string) string {
	in, out := "pb."+m.In.PB, "pb."+m.Out.PB
	switch {
	case m.StreamIn && m.StreamOut:
		return "grpc.BidiStreaming" + side + "[" + in + ", " + out + "]"
	case m.StreamIn:
		return "grpc.ClientStreaming" + side + "[" + in + ", " + out + "]"
	}
	return "grpc.ServerStreaming" + side + "[" + out + "]"
}

// DecodeFunc is a function that makes a Go value of the message, or fails.
func (m message) DecodeFunc() string {
	if m.Fallible {
		return m.From
	}
	return "kitgrpc.Infallible(" + m.From + ")"
}

// EncodeFunc is the reverse.
func (m message) EncodeFunc() string {
	if m.Loses {
		return m.To
	}
	return "kitgrpc.Infallible(" + m.To + ")"
}

// ItemsUse reports whether the elements of a sequence that a method takes, over one
// of the wires, name a package.
func (v *view) ItemsUse(pkg string, wires ...string) bool {
	return slices.ContainsFunc(v.Methods, func(m method) bool {
		return slices.ContainsFunc(wires, m.Over) && names(m.ItemGo, pkg)
	})
}

// AnyGRPCStreamIn reports whether a method takes a sequence over gRPC.
func (v *view) AnyGRPCStreamIn() bool {
	return slices.ContainsFunc(v.Over("grpc"), func(m method) bool { return m.StreamIn })
}

// AnyGRPCUnary reports whether a method neither takes nor answers a sequence over gRPC.
func (v *view) AnyGRPCUnary() bool {
	return slices.ContainsFunc(v.Over("grpc"), func(m method) bool { return !m.Streams() })
}

// AnyGRPCStreamOut reports whether a method answers a sequence over gRPC.
func (v *view) AnyGRPCStreamOut() bool {
	return slices.ContainsFunc(v.Over("grpc"), func(m method) bool { return m.StreamOut })
}

// streamsOver reports whether a method that streams over a wire is served there.
func (v *view) streamsOver(wire string, streams func(m method) bool) bool {
	return slices.Contains(v.in.Transports, wire) && slices.ContainsFunc(v.Over(wire), streams)
}

// AnyStream reports whether a method takes or answers a sequence.
func (v *view) AnyStream() bool { return v.AnyStreamIn() || v.AnyStreamOut() }

// AnyStreamIn reports whether a method takes a sequence.
func (v *view) AnyStreamIn() bool {
	return slices.ContainsFunc(v.Methods, func(m method) bool { return m.StreamIn })
}

// AnyStreamOut reports whether a method answers a sequence.
func (v *view) AnyStreamOut() bool {
	return slices.ContainsFunc(v.Methods, func(m method) bool { return m.StreamOut })
}

// checkWires reports methods that a wire which the service has cannot carry.
func (in *Input) checkWires() error {
	if !slices.Contains(in.Transports, "http") {
		return nil
	}
	var found spec.Problems
	for _, m := range in.Service.Methods {
		if m.StreamIn && m.StreamOut && m.Over("http") {
			found = append(found, spec.Problem{
				Pos: m.Pos, Code: "KG041",
				Msg: m.Name + " takes a sequence and answers one, and over HTTP the answer begins when all has been sent",
				Fix: "put //kit:skip http above it, so that it is there over gRPC alone",
			})
		}
		if m.StreamOut && m.Over("http") && m.Results[0].JSON == "error" {
			found = append(found, spec.Problem{
				Pos: m.Results[0].Pos, Code: "KG029",
				Msg: "error, the result of " + m.Name + ", is the key of the line that ends a stream over HTTP which failed",
				Fix: "rename it",
			})
		}
	}
	return found.Err()
}
