package render

import (
	"regexp"
	"slices"
	"strings"
)

// Env is what the names of the program's variables begin with.
func (v *view) Env() string { return strings.ToUpper(v.Name) }

// Sampled is the method that examples and the test under load call: the first
// over the first transport that is no stream; one without a name if all are.
func (v *view) Sampled() method {
	for _, m := range v.Methods {
		if m.Over(v.FirstTransport()) && !m.StreamIn && !m.StreamOut {
			return m
		}
	}
	return method{}
}

// RegistryTarget is where main registers unless told otherwise.
func (v *view) RegistryTarget() string { return v.target("127.0.0.1") }

// ClusterTarget is where it registers beside others, in which the registry is a
// host that is called what it is.
func (v *view) ClusterTarget() string { return v.target(v.Registry) }

func (v *view) target(host string) string {
	if v.Registry == "consul" {
		return "consul://" + host + ":8500/" + v.Name
	}
	return "etcd://" + host + ":2379/" + v.Name
}

// Curl is a call over HTTP to try the service with.
func (v *view) Curl() string {
	calls := slices.DeleteFunc(v.Over("http"), func(m method) bool { return m.StreamIn })
	if len(calls) == 0 {
		return "curl localhost:8080/healthz"
	}
	m := calls[0]
	to := "localhost:8080" + pathVariable.ReplaceAllString(m.Route(), "1")
	switch m.Verb() {
	case "GET":
		return "curl '" + to + "'"
	case "DELETE":
		return "curl -X DELETE " + to
	case "POST":
		return "curl -d '" + v.Sample() + "' " + to
	}
	return "curl -X " + m.Verb() + " -d '" + v.Sample() + "' " + to
}

var pathVariable = regexp.MustCompile(`\{[^}]*\}`)
