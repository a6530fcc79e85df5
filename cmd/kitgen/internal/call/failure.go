package call

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/kitgen/kitgen/transport"
)

// failure is the error that a service answers with.
type failure struct {
	Code    string            `json:"code"`
	Status  int               `json:"status"`
	GRPC    string            `json:"grpc,omitempty"` // the code of gRPC, over it
	Message string            `json:"message"`
	Details []json.RawMessage `json:"details,omitempty"` // of a status of gRPC

	err error
}

// failed is what a service has said by err; false if it was nobody's answer.
func failed(err error) (*failure, bool) {
	said, ok := errors.AsType[*transport.Error](err)
	if !ok {
		return nil, false
	}
	f := &failure{Code: said.ErrorCode(), Status: said.StatusCode(), Message: err.Error(), err: err}
	if g, ok := errors.AsType[interface {
		error
		GRPCStatus() *status.Status
	}](err); ok {
		f.GRPC, f.Details = g.GRPCStatus().Code().String(), details(g.GRPCStatus())
	}
	return f, true
}

// Error is all of it, for people.
func (f *failure) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s, status %d", f.Message, f.Code, f.Status)
	if f.GRPC != "" {
		fmt.Fprintf(&b, ", gRPC %s", f.GRPC)
	}
	b.WriteByte(')')
	for _, d := range f.Details {
		fmt.Fprintf(&b, "\n  %s", d)
	}
	return b.String()
}

// Unwrap gives the error.
func (f *failure) Unwrap() error { return f.err }

// details are those of a status, but for what the code was found in.
func details(st *status.Status) (all []json.RawMessage) {
	for _, d := range st.Proto().GetDetails() {
		text := detail(d)
		if d.MessageName() == "google.rpc.ErrorInfo" && bytes.Contains(text, []byte(`"domain":"kitgen"`)) {
			continue
		}
		all = append(all, text)
	}
	return all
}

// detail is JSON; bytes of one whose type nobody here knows.
func detail(d *anypb.Any) json.RawMessage {
	var text bytes.Buffer
	spaced, err := protojson.Marshal(d)
	if err == nil {
		err = json.Compact(&text, spaced)
	}
	if err == nil {
		return text.Bytes()
	}
	unknown, err := json.Marshal(map[string]any{"@type": d.GetTypeUrl(), "value": d.GetValue()})
	if err != nil { // of text and bytes: cannot happen
		return json.RawMessage("{}")
	}
	return unknown
}
