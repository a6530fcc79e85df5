package kitgrpc_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/reflection"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/fleettest"
	"github.com/kitgen/kitgen/transport/kitgrpc"
)

func TestReflection(t *testing.T) {
	for name, tt := range map[string]struct {
		cfg    kitgrpc.Config
		before func(*grpc.Server)
		want   []string
	}{
		"default":   {kitgrpc.Config{}, nil, []string{"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}},
		"off":       {kitgrpc.Config{NoReflection: true}, nil, nil},
		"its own":   {kitgrpc.Config{}, func(s *grpc.Server) { reflection.RegisterV1(s) }, []string{"grpc.reflection.v1.ServerReflection"}},
		"both, own": {kitgrpc.Config{}, func(s *grpc.Server) { reflection.Register(s) }, []string{"grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}},
	} {
		s := kitgrpc.NewServer(tt.cfg)
		defer s.Stop()
		if tt.before != nil {
			tt.before(s.Server)
		}
		s.On(listen(t))
		var got []string
		for service := range s.GetServiceInfo() {
			if strings.Contains(service, "reflection") {
				got = append(got, service)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestTLS(t *testing.T) {
	ts := httptest.NewUnstartedServer(nil) // for its certificate
	ts.StartTLS()
	defer ts.Close()
	roots := x509.NewCertPool()
	roots.AddCert(ts.Certificate())
	mine := credentials.NewTLS(&tls.Config{RootCAs: roots, ServerName: "example.com", Certificates: ts.TLS.Certificates})

	cfg := &tls.Config{Certificates: ts.TLS.Certificates, ClientAuth: tls.RequireAnyClientCert}
	own := grpc.Creds(credentials.NewTLS(cfg))
	newTLS := func(cfg kitgrpc.Config, opts ...grpc.ServerOption) (net.Listener, transport.Server) {
		l := listen(t)
		s := kitgrpc.NewServer(cfg, opts...)
		echo(func(_ context.Context, text string) (string, error) { return text, nil }).register(s)
		return l, s.On(l)
	}
	for name, listening := range map[string]func() (net.Listener, transport.Server){
		"Config.TLS": func() (net.Listener, transport.Server) { return newTLS(kitgrpc.Config{TLS: cfg}) },
		"grpc.Creds": func() (net.Listener, transport.Server) { return newTLS(kitgrpc.Config{ProbeCredentials: mine}, own) },
	} {
		l, s := listening()
		serve(t, s, transport.Config{Propagation: -1})
		if got, err := dial(t, l.Addr().String(), grpc.WithTransportCredentials(mine))(t.Context(), "hello"); got != "hello" || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}

	_, s := newTLS(kitgrpc.Config{}, own)
	err := transport.Serve(t.Context(), transport.Config{Servers: []transport.Server{s}})
	if err == nil || !strings.Contains(err.Error(), "self-probe: health check: ") || !strings.Contains(err.Error(), "kitgrpc.Config.ProbeCredentials") {
		t.Errorf("probe without credentials: %v", err)
	}
}

func TestHungHandlerIsForced(t *testing.T) {
	for name, heeds := range map[string]bool{"heeds its context": true, "does not": false} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			entered, release := make(chan struct{}), make(chan struct{})
			ended := make(chan error, 1)
			p := serve(t, newServer(l, func(ctx context.Context, _ string) (string, error) {
				close(entered)
				<-ctx.Done()
				ended <- ctx.Err()
				if !heeds {
					<-release
				}
				return "", ctx.Err()
			}), transport.Config{Propagation: -1, Drain: 10 * time.Millisecond})
			call := dial(t, l.Addr().String())
			failed := make(chan error, 1)
			go func() {
				_, err := call(t.Context(), "")
				failed <- err
			}()
			<-entered
			p.stop()
			err := <-p.result
			if !errors.Is(err, transport.ErrForced) {
				t.Errorf("stopped with %v", err)
			}
			close(release)
			if err := <-ended; err != context.Canceled {
				t.Errorf("the handler's context ended with %v", err)
			}
			if err := <-failed; err == nil {
				t.Error("the call succeeded")
			}
		})
	}
}

func TestCallInFlightIsDrained(t *testing.T) {
	l := listen(t)
	entered, goOn := make(chan struct{}), make(chan struct{})
	p := serve(t, newServer(l, func(context.Context, string) (string, error) {
		close(entered)
		<-goOn
		return "done", nil
	}), transport.Config{Propagation: -1})
	call := dial(t, l.Addr().String())
	got := make(chan any, 1)
	go func() {
		resp, err := call(t.Context(), "")
		if err != nil {
			t.Error(err)
		}
		got <- resp
	}()
	<-entered
	p.stop()
	for { // until it no longer accepts
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			break
		}
		_ = c.Close()
	}
	close(goOn)
	if resp := <-got; resp != "done" {
		t.Errorf("the call in flight returned %v", resp)
	}
	if err := <-p.result; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

// TestTwoListeners share a server, and stop with it.
func TestTwoListeners(t *testing.T) {
	s := kitgrpc.NewServer(kitgrpc.Config{})
	same.register(s)
	a, b := listen(t), listen(t)
	first, second := s.On(a), s.On(b)
	up := make(registered)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		result <- transport.Serve(ctx, transport.Config{Servers: []transport.Server{first, second}, Registrar: up, Propagation: -1})
	}()
	<-up
	for _, l := range []net.Listener{a, b} {
		if got, err := dial(t, l.Addr().String())(t.Context(), "hello"); got != "hello" || err != nil {
			t.Errorf("%v, %v", got, err)
		}
	}
	cancel()
	if err := <-result; err != nil {
		t.Error(err)
	}
}

func TestServerThatIsNotServedIsReleased(t *testing.T) {
	l := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := transport.Serve(ctx, transport.Config{Servers: []transport.Server{newServer(l, returning(nil))}}); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is still open: %v", err)
	}
}

// TestProbeAcceptsAnyAnswer: a server may refuse strangers.
func TestProbeAcceptsAnyAnswer(t *testing.T) {
	l := listen(t)
	deny := func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) {
		return nil, &transport.Error{Status: 401}
	}
	s := kitgrpc.NewServer(kitgrpc.Config{}, grpc.ChainUnaryInterceptor(deny))
	serve(t, s.On(l), transport.Config{Propagation: -1})
}

func TestRollingRestartLosesNoCall(t *testing.T) {
	e := echo(func(_ context.Context, text string) (string, error) {
		time.Sleep(2 * time.Millisecond)
		return text, nil
	})
	fleettest.Roll(t,
		func(l net.Listener) transport.Server { return newServer(l, e) },
		kitgrpc.Factory(saying),
		"hello")
}
