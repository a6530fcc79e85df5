package localetcd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
)

// Config says where an etcd runs.
type Config struct {
	Dir    string    // of its data
	Listen string    // host:port for clients; a free one if empty
	Log    io.Writer // what it says
}

// Server is an etcd in a process of its own.
type Server struct {
	*child.Process
	Addr string // host:port for clients
}

// Start runs this very kitgen as an etcd and returns once it answers.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ports, err := child.FreePorts(2)
	if err != nil {
		return nil, err
	}
	if cfg.Listen == "" {
		cfg.Listen = ports[0]
	}
	p, err := child.Start(child.Config{
		Name:   "etcd",
		Args:   []string{self, "etcd", "--data-dir", cfg.Dir, "--listen", cfg.Listen, "--listen-peer", ports[1]},
		Stderr: cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	s := &Server{Process: p, Addr: cfg.Listen}
	if err := s.awaitHealth(ctx); err != nil {
		p.Kill()
		return nil, err
	}
	return s, nil
}

// awaitHealth polls the server until it says it is healthy.
func (s *Server) awaitHealth(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if healthy(ctx, "http://"+s.Addr+"/health") {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for etcd on %s: %w", s.Addr, context.Cause(ctx))
		case <-s.Done():
			return fmt.Errorf("etcd on %s: %w before it was ready", s.Addr, errors.Join(s.Err(), child.ErrEnded))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func healthy(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	// A client of its own leaves no connection behind.
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
