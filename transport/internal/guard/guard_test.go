package guard_test

import (
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/transport/internal/guard"
)

func TestCall(t *testing.T) {
	if err := guard.Call(func() error { return nil }); err != nil {
		t.Errorf("no error became %v", err)
	}
	if err := guard.Call(func() error { return io.EOF }); err != io.EOF {
		t.Errorf("io.EOF became %v", err)
	}
}

func TestCallRecovers(t *testing.T) {
	err := guard.Call(func() error { panic("boom") })
	p, ok := errors.AsType[*guard.Panic](err)
	if !ok || p.Value != "boom" {
		t.Fatalf("got %v, want the panic", err)
	}
	if text := p.Error(); !strings.HasPrefix(text, "panic: boom\n") || !strings.Contains(text, "TestCallRecovers") {
		t.Errorf("text does not show value and stack:\n%s", text)
	}
	if p.Unwrap() != nil {
		t.Errorf("a string unwraps to %v", p.Unwrap())
	}
}

func TestPanicUnwrapsToAnError(t *testing.T) {
	if err := guard.Call(func() error { panic(io.EOF) }); !errors.Is(err, io.EOF) {
		t.Errorf("io.EOF is not found in %v", err)
	}
	err := guard.Call(func() error {
		var p *int
		*p = 1
		return nil
	})
	if _, ok := errors.AsType[runtime.Error](err); !ok {
		t.Errorf("no runtime.Error in %v", err)
	}
}
