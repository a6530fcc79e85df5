// Command apipicture draws docs/openapi-page.png: the page that a generated service
// has of its API, as chromium shows it.
package main

import (
	"context"
	_ "embed" // for the service
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
	"github.com/kitgen/kitgen/templates"
	"github.com/kitgen/kitgen/transport/kithttp/apidocs"
)

//go:embed library.go.txt
var library []byte

func main() {
	out := flag.String("out", "openapi-page.png", "the `file` to draw")
	flag.Parse()
	if err := run(context.Background(), *out); err != nil {
		fmt.Fprintln(os.Stderr, "apipicture:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string) error {
	dir, err := os.MkdirTemp("", "apipicture")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the browser may still write there
	document, err := describe(dir)
	if err != nil {
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: apidocs.New(document), ReadHeaderTimeout: time.Second}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	err = screenshot(ctx, filepath.Join(dir, "browser"), "http://"+l.Addr().String()+"/docs", out)
	return errors.Join(err, s.Close(), ignoreClosed(<-served))
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// describe generates the service and returns its OpenAPI document.
func describe(dir string) ([]byte, error) {
	if err := os.WriteFile(filepath.Join(dir, "library.go"), library, 0o600); err != nil {
		return nil, err
	}
	svc, err := spec.Load(dir, spec.Options{Module: "example.com/library"})
	if err != nil {
		return nil, err
	}
	service, err := fs.Sub(templates.Service, "service")
	if err != nil {
		return nil, err
	}
	files, err := render.Render(render.Input{Service: svc, Source: library, Transports: []string{"http"}, Registry: "etcd"}, service)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if filepath.Base(f.Path) == "openapi.json" {
			return f.Text, nil
		}
	}
	return nil, errors.New("the service has no openapi.json")
}

// screenshot has chromium take a picture of a page.
func screenshot(ctx context.Context, profile, url, file string) error {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		return fmt.Errorf("%w; install it, in Debian by apt-get install chromium", err)
	}
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--hide-scrollbars", "--no-proxy-server", "--user-data-dir="+profile, "--window-size=1000,1150", "--screenshot="+file, url)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium: %w: %s", err, text)
	}
	if _, err := os.Stat(file); err != nil {
		return errors.Join(errors.New("chromium took no picture"), err)
	}
	return nil
}
