package kitdebug

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
)

// schema is the version of the document.
const schema = 1

// document asks all parts. Those that panic are left out, and it says so.
func (p *Page) document(all bool) document {
	g := &gathering{now: time.Now(), rows: p.cfg.Rows, picks: p.cfg.Picks}
	if all {
		g.rows = int(^uint(0) >> 1)
	}
	g.doc = document{Schema: schema, At: g.now.UTC(), Process: p.process, Troubles: []string{}}
	g.doc.Process.Since, g.doc.Process.Goroutines = p.began.UTC(), runtime.NumGoroutine()
	g.ask("ready", func() { g.ready(p.cfg.Ready) })
	g.ask("registrar", func() { g.registration(p.cfg.Registrar) })
	g.ask("timeline", func() { g.lifecycle(p.cfg.Timeline) })
	for _, s := range p.cfg.Servers {
		g.ask("server "+s.Name, func() { g.server(s) })
	}
	if p.cfg.Stack != nil {
		g.ask("stack", func() { g.doc.Stack = lines(p.cfg.Stack.String()) })
	}
	for _, c := range p.cfg.Clients {
		g.client(c)
	}
	return g.doc
}

// gathering is a document being filled in.
type gathering struct {
	now         time.Time
	rows, picks int // how many at most
	doc         document
}

// ask has a part fill in what it knows. One that panics harms no other.
func (g *gathering) ask(part string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			err := short(fmt.Sprint("panic: ", r))
			g.doc.Failed = append(g.doc.Failed, failure{printable(part), err})
			g.trouble("%s cannot be asked: %s", printable(part), err)
		}
	}()
	f()
}

func (g *gathering) trouble(format string, args ...any) {
	g.doc.Troubles = append(g.doc.Troubles, fmt.Sprintf(format, args...))
}

// readyTimeout is how long the service's own check may take.
const readyTimeout = time.Second

func check(r *transport.Ready) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	return r.Check(ctx)
}

func (g *gathering) ready(r *transport.Ready) {
	if r == nil {
		return
	}
	g.doc.Ready = &readiness{Ready: true}
	if err := check(r); err != nil {
		g.doc.Ready = &readiness{Why: errorText(err)}
		g.trouble("this process wants no calls: %s", errorText(err))
	}
}

func (g *gathering) registration(r Registrar) {
	if r == nil {
		return
	}
	state, err := r.State()
	reg := &registration{State: state.String(), Error: errorText(err)}
	if known, ok := r.(interface{ Instance() sd.Instance }); ok {
		in := known.Instance()
		reg.ID, reg.Addr = printable(in.ID), printable(in.Addr)
	}
	g.doc.Registration = reg
	if err != nil {
		g.trouble("this process is %s in its registry: %s", state, errorText(err))
	}
}

func (g *gathering) lifecycle(t *transport.Timeline) {
	if t == nil {
		return
	}
	l := &lifecycle{Text: lines(t.String()), Steps: []step{}}
	for _, s := range t.Steps() {
		l.Stopping = l.Stopping || s.Name == stopping
		l.Steps = append(l.Steps, step{
			Name: s.Name, Server: printable(s.Server), At: s.At.UTC(), Since: s.Since.Seconds(), Took: s.Took.Seconds(),
			Running: s.Running, Why: short(s.Why), Error: short(s.Err),
		})
		if s.Err != "" {
			g.trouble("%s%s: %s", s.Name, ofServer(s.Server), short(s.Err))
		}
	}
	g.doc.Lifecycle = l
}

// stopping is the first step of a stop: see transport.Timeline.
const stopping = "stopping"

func ofServer(name string) string {
	if name == "" {
		return ""
	}
	return " of the server " + printable(name)
}

func (g *gathering) server(s transport.Server) {
	shown := server{Name: printable(s.Name)}
	if s.Addr != nil {
		shown.Addr = s.Addr.Network() + " " + s.Addr.String()
	}
	if s.Calls != nil {
		calls := s.Calls()
		shown.Calls = &calls
	}
	g.doc.Servers = append(g.doc.Servers, shown)
}

// processOf is what is known of the process from the start.
func processOf(cfg Config) process {
	p := process{
		Name: printable(cfg.Name), Version: printable(cfg.Version), Go: runtime.Version(),
		Platform: runtime.GOOS + "/" + runtime.GOARCH, PID: os.Getpid(), Processors: runtime.GOMAXPROCS(0),
	}
	if p.Name == "" {
		p.Name = printable(filepath.Base(os.Args[0]))
	}
	if host, err := os.Hostname(); err == nil {
		p.Host = printable(host)
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return p
	}
	for _, s := range build.Settings {
		switch {
		case s.Key == "vcs.revision":
			p.Revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			p.Revision += " with changes"
		}
	}
	if p.Version == "" {
		p.Version = build.Main.Version
	}
	for _, m := range build.Deps {
		if m.Path == modulePath {
			p.Kitgen = m.Version
		}
	}
	return p
}

// modulePath is that of the library, as in go.mod.
const modulePath = "github.com/kitgen/kitgen"
