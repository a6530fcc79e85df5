package render

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// method is one method as the templates see it.
type method struct {
	spec.Method
	Params   []field
	Results  []field
	Request  string // Go type
	Response string // Go type
	Receiver string // of the method in service.go
	Caller   string // receiver of the method of Caller
	Fake     string // receiver of the method of Fake
	FakeFunc string // field of Fake
	Greets   bool
	Arrays   bool // the request has arrays in it

	RequestPB, ResponsePB message

	// Of the sequence that it takes, where it takes one: the struct that travels for
	// one element, its only field, and the message that it becomes.
	Item, ItemGo, ItemField, ItemJSON string
	ItemPB                            message
}

// field is a parameter or a result as the templates see it.
type field struct {
	spec.Field
	Var    string // a name for it that nothing else in the method has
	GoType string // as it is written in the service's package
}

func newMethod(m spec.Method, greets bool, c *converter) method {
	taken := map[string]bool{"ctx": true, "resp": true, "err": true}
	out := method{
		Method:   m,
		Params:   fields(m.Params, taken),
		Results:  fields(m.Results, taken),
		Request:  m.Name + "Request",
		Response: m.Name + "Response",
		Greets:   greets,
		Arrays:   c.hasArrays(m.Params),
	}
	out.takeItems()
	if !m.Over("grpc") {
		return out
	}
	if m.StreamIn {
		out.RequestPB = c.message(out.Request, spec.Message{PB: m.In.PB}, m.Head())
		out.ItemPB = c.message(out.Item, m.In, []spec.Field{m.Item()})
	} else {
		out.RequestPB = c.message(out.Request, m.In, m.Params)
	}
	out.ResponsePB = c.message(out.Response, m.Out, m.Results)
	return out
}

// nameReceivers names those of all methods alike, as nothing else in any of them
// is named.
func nameReceivers(methods []method) {
	taken := map[string]bool{"ctx": true, "resp": true, "err": true}
	for _, m := range methods {
		for _, f := range slices.Concat(m.Params, m.Results) {
			taken[f.Var] = true
		}
	}
	for i := range methods {
		methods[i].Receiver = free(maps.Clone(taken), "s", "svc")
		methods[i].Caller = free(maps.Clone(taken), "c", "caller")
		methods[i].Fake = free(maps.Clone(taken), "f", "fake")
	}
}

// fields gives each of fs a variable that is not taken, its own name if that
// is free.
func fields(fs []spec.Field, taken map[string]bool) []field {
	out := make([]field, len(fs))
	for i, f := range fs {
		out[i] = field{Field: f, Var: free(taken, f.Name, f.Name), GoType: f.Type.Go}
	}
	return out
}

// free takes the first name that is not taken, or the last with a number.
func free(taken map[string]bool, names ...string) string {
	name := names[len(names)-1]
	for _, n := range names {
		if !taken[n] {
			name = n
			break
		}
	}
	numbered := name
	for n := 2; taken[numbered]; n++ {
		numbered = name + strconv.Itoa(n)
	}
	taken[numbered] = true
	return numbered
}

// Maker is the function that makes the endpoint which calls the service.
func (m method) Maker() string { return "make" + m.Name }

// Unwritten is what the method returns until somebody writes it.
func (m method) Unwritten() string {
	var out []string
	for _, r := range m.Results {
		out = append(out, r.Var)
	}
	if !m.NoError {
		out = append(out, "ErrUnimplemented")
	}
	return strings.Join(out, ", ")
}

// Comment is the method's own, or one line if it has none.
func (m method) Comment() []string {
	if len(m.Doc) > 0 {
		return m.Doc
	}
	return []string{m.Name + " calls the endpoint of that name."}
}

// Policy is the middleware.MethodConfig of the method, without its type.
func (m method) Policy() string {
	var policy, retry []string
	if m.Streams() {
		policy = append(policy, "Timeout: timeout.Config{Timeout: -1}")
	}
	if m.Idempotent && !m.StreamIn {
		retry = append(retry, "Idempotent: true")
	} else {
		policy = append(policy, "Once: true")
	}
	switch {
	case m.Timeout != 0:
		retry = append(retry, "AttemptTimeout: "+goDuration(m.Timeout))
	case m.StreamIn && !m.StreamOut:
		retry = append(retry, "AttemptTimeout: -1")
	}
	if m.StreamOut {
		retry = append(retry, "Streams: true")
	}
	if len(retry) > 0 {
		policy = append(policy, "Retry: retry.Config{"+strings.Join(retry, ", ")+"}")
	}
	return "{" + strings.Join(policy, ", ") + "}"
}
