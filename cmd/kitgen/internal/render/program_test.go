package render

import "testing"

// TestFakeNames: what Fake has beside the interface gives way to the interface.
func TestFakeNames(t *testing.T) {
	in := Input{Transports: []string{"http"}, Service: load(t, "phone", `package phone

import "context"

type Service interface {
	Ring(ctx context.Context, f int) error
	RingFunc(ctx context.Context) error
	Calls(ctx context.Context) error
}
`)}
	v, err := newView(in)
	if err != nil {
		t.Fatal(err)
	}
	ring := v.Methods[0]
	if ring.FakeFunc == "RingFunc" || v.FakeCalls == "Calls" || ring.Fake == "f" || ring.FakeFunc == v.FakeCalls {
		t.Errorf("Fake has %s and %s, and the receiver %s", ring.FakeFunc, v.FakeCalls, ring.Fake)
	}
}

func TestCurl(t *testing.T) {
	for directive, want := range map[string]string{
		"":                                     "curl -d '{}' localhost:8080/get",
		"\t//kit:http GET /users/{id}\n":       "curl 'localhost:8080/users/1'",
		"\t//kit:http DELETE /users/{id}\n":    "curl -X DELETE localhost:8080/users/1",
		"\t//kit:http PUT /users/{id}/touch\n": "curl -X PUT -d '{}' localhost:8080/users/1/touch",
	} {
		v, err := newView(Input{Transports: []string{"http"}, Service: load(t, "users", `package users

import "context"

type Service interface {
`+directive+`	Get(ctx context.Context, id string) error
}
`)})
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Curl(); got != want {
			t.Errorf("%q: %s, want %s", directive, got, want)
		}
	}
}
