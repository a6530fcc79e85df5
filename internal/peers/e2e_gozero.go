package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"

	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/proc"
	"github.com/zeromicro/go-zero/rest"
	"github.com/zeromicro/go-zero/rest/httpc"
	"github.com/zeromicro/go-zero/rest/httpx"
	"github.com/zeromicro/go-zero/zrpc"
	"google.golang.org/grpc"

	"github.com/kitgen/kitgen/internal/peers/echo"
	pb "github.com/kitgen/kitgen/internal/peers/echo/api/echo/v1"
)

// freePort finds a port for a server that wants to listen by itself.
func freePort() (int, error) {
	l, err := loopback()
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it is no other
	return port, l.Close()
}

// serveGoZero runs start, which returns when go-zero's process ends, and waits
// until something answers at addr.
func serveGoZero(addr string, start func()) (stop func() error, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		start()
	}()
	stop = func() error {
		proc.Shutdown() // all of its servers end together
		<-done
		return nil
	}
	err = until("go-zero's server", func() bool {
		c, err := new(net.Dialer).DialContext(context.Background(), "tcp", addr)
		return err == nil && c.Close() == nil
	})
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

// openGoZeroGRPC is go-zero's client and server with their defaults, which are
// traces, metrics, statistics, breakers and timeouts, but without shedding by the
// processor's load, since this machine has none to spare.
func openGoZeroGRPC() (line, error) {
	port, err := freePort()
	if err != nil {
		return line{}, err
	}
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	var server zrpc.RpcServerConf
	var client zrpc.RpcClientConf
	if err = errors.Join(conf.FillDefault(&server), conf.FillDefault(&client)); err != nil {
		return line{}, err
	}
	server.Name, server.ListenOn, server.CpuThreshold, server.DevServer.Enabled = "echo", addr, 0, false
	s, err := zrpc.NewServer(server, func(s *grpc.Server) { pb.RegisterEchoServer(s, pbEcho{}) })
	if err != nil {
		return line{}, err
	}
	logx.Disable()
	stop, err := serveGoZero(addr, s.Start)
	if err != nil {
		return line{}, err
	}
	client.Endpoints = []string{addr}
	c, err := zrpc.NewClient(client)
	if err != nil {
		return line{}, errors.Join(err, stop())
	}
	return line{stubCall(c.Conn()), func() error { return errors.Join(c.Conn().Close(), stop()) }}, nil
}

// openGoZeroHTTP is the same over HTTP.
func openGoZeroHTTP() (line, error) {
	port, err := freePort()
	if err != nil {
		return line{}, err
	}
	var c rest.RestConf
	if err = conf.FillDefault(&c); err != nil {
		return line{}, err
	}
	c.Name, c.Host, c.Port, c.CpuThreshold, c.DevServer.Enabled = "echo", "127.0.0.1", port, 0, false
	s, err := rest.NewServer(c)
	if err != nil {
		return line{}, err
	}
	logx.Disable()
	s.AddRoute(rest.Route{Method: http.MethodPost, Path: "/echo", Handler: goZeroEcho})
	addr := net.JoinHostPort(c.Host, strconv.Itoa(port))
	stop, err := serveGoZero(addr, func() {
		s.StartWithOpts(func(s *http.Server) { s.IdleTimeout = idleTimeout }) // else it hangs up under its clients after 2.4 s
	})
	if err != nil {
		return line{}, err
	}
	hc, end := newHTTPClient()
	client := httpc.NewServiceWithClient("echo", hc)
	return line{
		func(ctx context.Context, text string) (string, error) {
			return goZeroCall(ctx, client, "http://"+addr+"/echo", text)
		},
		func() error { end(); return stop() },
	}, nil
}

func goZeroCall(ctx context.Context, client httpc.Service, url, text string) (string, error) {
	r, err := client.Do(ctx, http.MethodPost, url, echo.EchoRequest{Text: text})
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	var resp echo.EchoResponse
	err = httpc.Parse(r, &resp)
	return resp.Echoed, err
}

func goZeroEcho(w http.ResponseWriter, r *http.Request) {
	var req echo.EchoRequest
	if err := httpx.Parse(r, &req); err != nil {
		httpx.ErrorCtx(r.Context(), w, err)
		return
	}
	text, err := echo.New().Echo(r.Context(), req.Text)
	if err != nil {
		httpx.ErrorCtx(r.Context(), w, err)
		return
	}
	httpx.OkJsonCtx(r.Context(), w, echo.EchoResponse{Echoed: text})
}
