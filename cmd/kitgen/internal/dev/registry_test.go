package dev

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/sd"
)

// first calls then once something was written.
type first struct {
	bytes.Buffer

	then func()
}

func (w *first) Write(p []byte) (int, error) {
	defer w.then()
	return w.Buffer.Write(p)
}

func TestARegistryThatDoesNotAnswerIsWaitedForAndNamed(t *testing.T) {
	t.Parallel()
	ports, err := child.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []string{"etcd", "consul"} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			log := &first{then: cancel}
			s := newSession(config{registry: scheme + "://me:geheim@" + ports[0]}, &console.Console{Out: log}, []*service{{name: "greeter"}})
			f := s.fleets[0]
			var err error
			f.instances, err = sd.Open(At(s.registry, f.name), sd.InstancerConfig{}, schemes()...)
			if err != nil {
				t.Fatal(err)
			}
			defer f.instances.Stop()
			err = s.reach(ctx, f)
			for _, text := range []string{log.String(), err.Error()} {
				if !strings.Contains(text, ports[0]+" does not answer") || !strings.Contains(text, "; start it, or leave out --registry") || strings.Contains(text, "geheim") {
					t.Error(text)
				}
			}
		})
	}
}
