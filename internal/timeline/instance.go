package timeline

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// work is how long an instance takes to answer.
const work = 15 * time.Millisecond

// event is a line that an instance prints.
type event struct {
	Name string    `json:"name"` // listening, ready, registered
	At   time.Time `json:"at"`
	Addr string    `json:"addr,omitempty"`
}

// Command is the first argument of the program where Draw runs it as an instance.
const Command = "instance"

// Instance is the service of a scene. It registers, answers, and leaves when ctx ends,
// or when whoever started it is gone and its input ends with them.
func Instance(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet(Command, flag.ContinueOnError)
	target := flags.String("target", "", "registry and service")
	id := flags.String("id", "", "of this instance")
	propagation := flags.Duration("propagation", 0, "how long to go on answering after leaving the registry")
	if err := flags.Parse(args); err != nil {
		return err
	}
	holder, err := sd.OpenHolder(*target, etcd.Scheme(etcd.Config{}))
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("instance %s: %w", *id, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the input, or the process
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()

	say := speaker{out: json.NewEncoder(out)}
	say.event("listening", l.Addr().String())
	server := kithttp.Server(l, newService(), kithttp.Config{})
	setReady := server.SetReady
	server.SetReady = func(ready bool) {
		if ready {
			say.event("ready", "")
		}
		if setReady != nil {
			setReady(ready)
		}
	}
	return transport.Serve(ctx, transport.Config{
		Servers: []transport.Server{server},
		Registrar: sd.NewRegistrar(holder, sd.Instance{ID: *id, Addr: l.Addr().String()}, sd.RegistrarConfig{
			OnChange: func(s sd.RegistrarState) { say.event(s.String(), "") },
		}),
		Propagation: *propagation,
	})
}

// newService answers every call after a moment's work.
func newService() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /call", kithttp.NewServer(func(ctx context.Context, _ any) (any, error) {
		select {
		case <-time.After(work):
			return struct{}{}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}, kithttp.DecodeJSON[struct{}]))
	return mux
}

// speaker prints events, whole lines at a time.
type speaker struct {
	mu  sync.Mutex // held while a line is written
	out *json.Encoder
}

func (s *speaker) event(name, addr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.out.Encode(event{name, time.Now(), addr}) //nolint:errchkjson // it fails only when nobody listens any more: the scene is over
}
