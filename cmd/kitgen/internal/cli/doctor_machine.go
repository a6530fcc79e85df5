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
	"regexp"
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
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		d.wrong("go", "mend what it says; go env GOTOOLCHAIN GOFLAGS GOWORK, in another directory, shows what it was told",
			"the go command refuses to work here: %s", strings.TrimSpace(string(exit.Stderr)))
		return
	}
	if err != nil {
		d.wrong("go", "install Go "+strings.TrimPrefix(oldestGo, "go")+" or later: https://go.dev/dl", "the go command does not run: %v", err)
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
	switch {
	case flags == "":
	case slices.Contains(strings.Fields(flags), "-mod=vendor") && !d.vendored():
		d.wrong("GOFLAGS", "go mod vendor, or go env -u GOFLAGS", "%s, and there is no vendor directory", flags)
	default:
		d.ok("GOFLAGS", "%s", flags)
	}
}

// vendored says whether the module, or the workspace, around the directory has
// its dependencies in it.
func (d *doctor) vendored() bool {
	dir, err := filepath.Abs(d.dir)
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "vendor", "modules.txt")); err == nil {
			return true
		}
		if dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	return false
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
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	d.answers(ctx, m.Registry, url)
}

// well is what a registry's answer has if it is that registry and has a leader.
var well = map[string]*regexp.Regexp{
	"etcd":   regexp.MustCompile(`"health": *"true"`),
	"consul": regexp.MustCompile(`^"[^"]+:\d+"\s*$`),
}

// answers asks the registry whether it is well.
func (d *doctor) answers(ctx context.Context, registry, url string) {
	mend := "kitgen dev brings one of its own; a service starts without, and registers as soon as there is one"
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
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16)) // half of it is no good answer either
	if resp.StatusCode != http.StatusOK || !well[registry].Match(body) {
		d.wrong("registry", "see its log: it has no leader, or is no "+registry, "what answers %s is no %s that is well: %s %.200q", url, registry, resp.Status, body)
		return
	}
	d.ok("registry", "%s answers on %s", registry, req.URL.Host)
}

// docker is for images and compose files only. The command alone does nothing:
// it is asked whether its daemon is there.
func (d *doctor) docker(ctx context.Context) {
	const use = "only images and compose.yaml need it"
	if _, err := exec.LookPath("docker"); err != nil {
		d.absent("docker", "", "is not there; "+use)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", "version", "--format", "{{.Server.Version}}")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	version := strings.TrimSpace(string(out))
	if err == nil && version != "" {
		d.ok("docker", "its daemon answers, %s", version)
		return
	}
	why := "it says nothing"
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && len(exit.Stderr) > 0 {
		why, _, _ = strings.Cut(strings.TrimSpace(string(exit.Stderr)), "\n")
	}
	d.absent("docker", "start it, or be allowed to use it: docker version must show a server; "+use, "the command is there, and no daemon answers it: %s", why)
}
