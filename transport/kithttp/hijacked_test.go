package kithttp

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
)

// TestNoEndMissesWhoIsTakenOver just then: net/http has forgotten the connection, and
// its handler does not have it yet.
func TestNoEndMissesWhoIsTakenOver(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	here, there := net.Pipe()
	var h hijacked
	c, _, err := h.take(func() (net.Conn, *bufio.ReadWriter, error) {
		if err := h.wait(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("the drain did not wait: %v", err)
		}
		h.close()
		return there, nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := here.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the connection is open: %v", err)
	}
	_ = c.Close() // its owner, once more
	if _, _, err := h.take(func() (net.Conn, *bufio.ReadWriter, error) { return nil, nil, http.ErrNotSupported }); !errors.Is(err, http.ErrNotSupported) {
		t.Errorf("what cannot be taken over: %v", err)
	}
	if err := h.wait(t.Context()); err != nil {
		t.Errorf("in the end: %v", err)
	}
}
