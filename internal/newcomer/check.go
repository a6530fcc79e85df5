package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// answersHTTP asks once, and wants 200.
func answersHTTP(ctx context.Context, verb, url, body string) error {
	req, err := http.NewRequestWithContext(ctx, verb, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %s", verb, url, resp.Status, text)
	}
	return err
}

// asIs lets a message be called whose type nobody here knows.
type asIs struct{}

// Name is that of gRPC's usual codec.
func (asIs) Name() string { return "proto" }

// Marshal takes a *[]byte.
func (asIs) Marshal(v any) ([]byte, error) {
	if b, ok := v.(*[]byte); ok {
		return *b, nil
	}
	return nil, fmt.Errorf("%T is no encoded message", v)
}

// Unmarshal takes a *[]byte.
func (asIs) Unmarshal(b []byte, v any) error {
	to, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("%T holds no encoded message", v)
	}
	*to = bytes.Clone(b)
	return nil
}

// answersGRPC calls a method with an encoded message, and wants an answer.
func answersGRPC(ctx context.Context, addr, method string, message []byte) error {
	cc, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer cc.Close()
	var answer []byte
	return cc.Invoke(ctx, method, &message, &answer, grpc.ForceCodec(asIs{}))
}

// registered wants a key in etcd.
func registered(ctx context.Context, etcd, prefix string) error {
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{etcd}, DialTimeout: time.Second, Logger: zap.NewNop()})
	if err != nil {
		return err
	}
	defer c.Close()
	got, err := c.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err == nil && got.Count == 0 {
		err = fmt.Errorf("etcd %s, %q: %w", etcd, prefix, errNoKey)
	}
	return err
}

var errNoKey = errors.New("no service is registered")

// judge runs the tests in dir, and tells how many there are and whether they
// pass. It is no command of the newcomer's.
func (p *play) judge(ctx context.Context, dir string) error {
	cmd := p.command(ctx, "cd "+dir+" && go test -race -json ./...")
	out, err := cmd.Output()
	passed, failed := 0, 0
	for line := range strings.Lines(string(out)) {
		var e struct {
			Action string `json:"Action"`
			Test   string `json:"Test"`
		}
		if json.Unmarshal([]byte(line), &e) != nil || e.Test == "" || strings.Contains(e.Test, "/") {
			continue
		}
		switch e.Action {
		case "pass":
			passed++
		case "fail":
			failed++
		}
	}
	switch {
	case err != nil && passed+failed == 0:
		p.outcome.tests = "do not build"
	case failed > 0 || err != nil:
		p.outcome.tests = fmt.Sprintf("%d of %d fail", failed, passed+failed)
	case passed == 0:
		p.outcome.tests = "none"
	default:
		p.outcome.tests = fmt.Sprintf("%d pass", passed)
	}
	return ctx.Err()
}
