package stub

import (
	"strconv"
	"testing"

	_ "google.golang.org/grpc/interop/grpc_testing" // a service with methods of all kinds
)

func TestStreamsAreKnownByTheirDescriptors(t *testing.T) {
	t.Parallel()
	var m methods
	for range 2 {
		for method, want := range map[string]bool{
			"/grpc.testing.TestService/UnaryCall":           false,
			"/grpc.testing.TestService/StreamingOutputCall": true,
			"/grpc.testing.TestService/StreamingInputCall":  true,
			"/grpc.testing.TestService/FullDuplexCall":      true,
			"/grpc.testing.TestService/Nothing":             false,
			"/grpc.testing.TestService":                     false,
			"":                                              false,
			"///":                                           false,
		} {
			if got := m.streams(method); got != want {
				t.Errorf("%s: %v", method, got)
			}
		}
	}
}

func TestMethodsAreNotRememberedWithoutEnd(t *testing.T) {
	var m methods
	for i := range 2 * most {
		m.streams("/made.Up/Method" + strconv.Itoa(i))
	}
	if n := len(*m.known.Load()); n != most {
		t.Errorf("%d are remembered", n)
	}
	if n := testing.AllocsPerRun(100, func() { m.streams("/made.Up/Method1") }); n != 0 {
		t.Errorf("%v allocations to find one", n)
	}
}
