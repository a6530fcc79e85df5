package cli

import (
	"context"
	"errors"
	"go/version"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// oldestGo is what the library asks for.
const oldestGo = "go1.26.0"

// goCommand looks at the go command, as it is in the directory of the service.
func (d *doctor) goCommand(ctx context.Context) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOFLAGS")
	cmd.Dir = d.dir
	out, err := cmd.Output()
	if err != nil {
		text := err.Error()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			text = strings.TrimSpace(string(exit.Stderr))
		}
		d.wrong("go", "install Go "+strings.TrimPrefix(oldestGo, "go")+" or later: https://go.dev/dl", "the go command does not run: %s", text)
		return
	}
	lines := append(strings.Split(strings.TrimRight(string(out), "\n"), "\n"), "")
	have, flags := lines[0], lines[1]
	if version.IsValid(have) && version.Compare(have, oldestGo) < 0 {
		d.wrong("go", "install a later one: https://go.dev/dl", "%s; the library needs %s", have, oldestGo)
	} else {
		d.ok("go", "%s", have)
	}
	d.goFlags(flags)
}

// goFlags looks for what makes every build fail.
func (d *doctor) goFlags(flags string) {
	_, err := os.Stat(filepath.Join(d.dir, "vendor", "modules.txt"))
	switch {
	case flags == "":
	case slices.Contains(strings.Fields(flags), "-mod=vendor") && err != nil:
		d.wrong("GOFLAGS", "go mod vendor, or go env -u GOFLAGS", "%s, and there is no vendor directory", flags)
	default:
		d.ok("GOFLAGS", "%s", flags)
	}
}

// ports looks whether main can listen where it does unless told otherwise.
func (d *doctor) ports(m *project.Manifest, addrs map[string]string) {
	for _, transport := range m.Transports {
		addr := addrs[transport]
		l, err := net.Listen("tcp", addr)
		if err != nil {
			d.wrong("port", "end who listens there, or start with -"+transport+"-addr :0, which takes any; kitgen dev takes free ones", "KG080: %s cannot listen on %s: %v", transport, addr, err)
			continue
		}
		if err := l.Close(); err != nil {
			d.wrong("port", "try again", "%s: %v", addr, err)
			continue
		}
		d.ok("port", "%s is free, for %s", addr, transport)
	}
}

// defaultAddrs are main's, by transport.
var defaultAddrs = map[string]string{"http": ":8080", "grpc": ":8081"}

// registry looks whether the registry answers. A service starts without it.
func (d *doctor) registry(ctx context.Context, m *project.Manifest) {
	url := "http://127.0.0.1:2379/health"
	if m.Registry == "consul" {
		url = "http://127.0.0.1:8500/v1/status/leader"
	}
	d.answers(ctx, m.Registry, url)
}

// answers asks the registry whether it is well.
func (d *doctor) answers(ctx context.Context, registry, url string) {
	mend := "kitgen dev brings one of its own; a service starts without, and registers as soon as there is one"
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		d.wrong("registry", mend, "%v", err)
		return
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.absent("registry", mend, "no %s answers on %s", registry, req.URL.Host)
		return
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // so that the connection ends in order
	if resp.StatusCode != http.StatusOK {
		d.wrong("registry", "see its log", "%s on %s says %s", registry, req.URL.Host, resp.Status)
		return
	}
	d.ok("registry", "%s answers on %s", registry, req.URL.Host)
}

// docker is for images and compose files only.
func (d *doctor) docker() {
	if path, err := exec.LookPath("docker"); err == nil {
		d.ok("docker", "%s", path)
		return
	}
	d.absent("docker", "", "is not there; only images and compose.yaml need it")
}
