package fromproto

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// googleAPI are the files that declare routes, as far as they are read here.
var googleAPI = map[string]string{
	"google/api/annotations.proto": `syntax = "proto3";
package google.api;
import "google/api/http.proto";
import "google/protobuf/descriptor.proto";
extend google.protobuf.MethodOptions { HttpRule http = 72295728; }
`,
	"google/api/http.proto": `syntax = "proto3";
package google.api;
message HttpRule {
  string selector = 1;
  oneof pattern {
    string get = 2;
    string put = 3;
    string post = 4;
    string delete = 5;
    string patch = 6;
    CustomHttpPattern custom = 8;
  }
  string body = 7;
  string response_body = 12;
  repeated HttpRule additional_bindings = 11;
}
message CustomHttpPattern {
  string kind = 1;
  string path = 2;
}
`,
}

// rule is what option google.api.http says of an rpc; nil if it says nothing.
type rule struct {
	verb, path, body string
	more             bool // than one route, or a response that is one field
}

func httpRule(m protoreflect.MethodDescriptor) (found *rule) {
	m.Options().ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.FullName() == "google.api.http" && f.Message() != nil {
			found = readRule(v.Message().Interface())
		}
		return found == nil
	})
	return found
}

func readRule(m proto.Message) *rule {
	out := &rule{}
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch f.Name() {
		case "get", "put", "post", "delete", "patch":
			out.verb, out.path = strings.ToUpper(string(f.Name())), v.String()
		case "body":
			out.body = v.String()
		case "selector":
		default:
			out.more = true
		}
		return true
	})
	return out
}

// plainPath has nothing in its segments but a word or a variable.
var plainPath = regexp.MustCompile(`^(/([A-Za-z0-9._~-]+|\{[a-z][A-Za-z0-9_]*\}))+$`)

// adoptRoute is the route for //kit:http, or a warning that there is none.
func (r *reader) adoptRoute(c *call, rule *rule) string {
	if rule == nil {
		return ""
	}
	const fix = "write a //kit:http above the method if HTTP clients need it"
	if rule.path == "" {
		r.warn(c.desc, fix, "the route of %s has a verb that kitgen does not adopt", c.desc.Name())
		return ""
	}
	path, ok := r.goPath(c, rule.path)
	hasBody := rule.verb != "GET" && rule.verb != "DELETE"
	if !ok || rule.more || c.in.whole || c.desc.IsStreamingClient() || rule.body != "" && rule.body != "*" ||
		hasBody != (rule.body == "*") && len(c.in.values) > 0 || !hasBody && !r.fitsQuery(c) || !r.answers(rule.verb+" "+path) {
		r.warn(c.desc, fix, "the route %s %s of %s is one that kitgen does not adopt", rule.verb, rule.path, c.desc.Name())
		return ""
	}
	return rule.verb + " " + path
}

// answers reports whether net/http can serve the route beside those before it, of
// which it panics otherwise.
func (r *reader) answers(route string) (ok bool) {
	defer func() { ok = recover() == nil }()
	r.routes.Handle(route, http.NotFoundHandler())
	return true
}

// goPath is a path with variables named like parameters.
func (r *reader) goPath(c *call, path string) (string, bool) {
	ok := plainPath.MatchString(path)
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if !strings.HasPrefix(s, "{") {
			continue
		}
		name := spec.ParamName(strings.Trim(s, "{}"))
		ok = ok && slices.ContainsFunc(c.in.values, func(v value) bool { return v.name == name && inURL(v.golang) })
		segments[i] = "{" + name + "}"
	}
	return strings.Join(segments, "/"), ok
}

// fitsQuery reports whether all parameters can be in a URL.
func (r *reader) fitsQuery(c *call) bool {
	return !slices.ContainsFunc(c.in.values, func(v value) bool { return !inURL(strings.TrimPrefix(v.golang, "[]")) })
}

func inURL(golang string) bool {
	return slices.Contains([]string{"string", "bool", "int32", "int64", "uint32", "uint64", "float32", "float64"}, golang)
}
