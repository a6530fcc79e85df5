package dev

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/sd"
)

// config is the command line of kitgen dev.
type config struct {
	dir      string // absolute
	replicas int
	registry string // target without a service; an etcd of the session's own if empty
	http     string // address of the first front door; "none" for none
	httpSet  bool   // by the user
	noWatch  bool
}

// check refuses what can be judged without building anything.
func (c *config) check() error {
	if c.replicas < 1 || c.replicas > most {
		return console.UsageError{Err: fmt.Errorf("--replicas %d: pass a number from 1 to %d", c.replicas, most)}
	}
	if c.http != "none" {
		if _, _, err := hostPort(c.http); err != nil {
			return console.UsageError{Err: err}
		}
	}
	if c.registry == "" {
		return nil
	}
	target, err := sd.ParseTarget(c.registry)
	if err == nil && target.Scheme != "etcd" && target.Scheme != "consul" {
		err = fmt.Errorf("replicas cannot register in %s; pass one of etcd:// or consul://", target)
	}
	if err != nil {
		return console.UsageError{Err: fmt.Errorf("--registry: %w", err)}
	}
	return nil
}

// session is one run of kitgen dev.
type session struct {
	config
	place  string // directory of what it keeps while it runs
	book   *logbook
	fleets []*fleet
	etcd   *unit         // nil if the registry is the user's
	quit   func()        // asks the session to end
	forced chan struct{} // closed when it is to end at once

	turn  chan struct{} // held by whoever changes a fleet
	tasks sync.WaitGroup

	mu sync.Mutex // guards the state of every unit, and the lists of them
}

// run is the whole session, until ctx ends. Everything it starts has ended when
// it returns.
func (s *session) run(ctx context.Context, prompt func(ctx context.Context, s *session)) (err error) {
	ctx, s.quit = context.WithCancel(ctx)
	defer s.quit()
	c, err := s.claim(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.clear(), c.close()) }()
	for _, f := range s.fleets {
		made, _ := f.sources(ctx) // what is wrong the build says
		f.learn(made)
	}
	seen := s.look() // before the build, so that it is built again if it changes meanwhile
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.open(ctx); err != nil {
		if ctx.Err() != nil {
			return nil // the user ended it
		}
		return err
	}
	if err := c.publish(s.registry); err != nil {
		return err
	}
	s.welcome()
	s.tasks.Go(func() { prompt(ctx, s) })
	if !s.noWatch {
		s.tasks.Go(func() {
			watch(ctx, s.look, seen, func(changed []string) { s.refresh(ctx, changed) })
		})
	}
	<-ctx.Done()
	s.book.say("stopping; Ctrl-C once more kills")
	return nil
}

// open builds and starts everything.
func (s *session) open(ctx context.Context) error {
	giveBack, err := s.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	if err := s.tryDoor(); err != nil { // before a build of minutes, of which nothing would come
		return console.EnvironmentError{Err: err}
	}
	for _, f := range s.fleets {
		if err := s.generate(ctx, f); err != nil {
			return err
		}
		s.book.say("building %s; the first build on a machine compiles the libraries, a minute or two", f.name)
		if _, err := s.build(ctx, f); err != nil {
			return console.EnvironmentError{Err: err}
		}
	}
	if err := s.openRegistry(ctx); err != nil {
		return console.EnvironmentError{Err: err}
	}
	for _, f := range s.fleets {
		if err := s.openFleet(ctx, f); err != nil {
			return console.EnvironmentError{Err: err}
		}
	}
	return nil
}

func (s *session) openFleet(ctx context.Context, f *fleet) error {
	var err error
	f.instances, err = sd.Open(At(s.registry, f.name), sd.InstancerConfig{Protection: sd.Off}, schemes()...)
	if err != nil {
		return fmt.Errorf("--registry: %w", err)
	}
	if err := s.reach(ctx, f); err != nil {
		return err
	}
	if f.http && s.http != "none" {
		if err := s.openDoor(f); err != nil {
			return err
		}
	}
	return s.scale(ctx, f, s.replicas)
}

// refresh brings the fleets up to date with files that changed. What fails is
// said, and leaves the replicas as they are.
func (s *session) refresh(ctx context.Context, changed []string) {
	giveBack, err := s.take(ctx)
	if err != nil {
		return
	}
	defer giveBack()
	if _, err := os.Stat(s.place); errors.Is(err, fs.ErrNotExist) {
		s.book.say("%s is not there any more: the session ends; start one where the source is now", s.place)
		s.quit()
		return
	}
	for _, f := range s.fleets {
		if err := s.update(ctx, f, changed); err != nil && ctx.Err() == nil {
			s.book.say("%v", err)
			s.book.say("%s: the replicas that run go on as they are", f.name)
		}
	}
}

// update generates, builds and rolls out f.
func (s *session) update(ctx context.Context, f *fleet, changed []string) error {
	if slices.ContainsFunc(changed, concerns) {
		if err := s.generate(ctx, f); err != nil {
			return err
		}
	}
	different, err := s.build(ctx, f)
	if err != nil || !different {
		return err
	}
	s.book.say("%s built; its replicas are replaced one by one", f.name)
	return s.roll(ctx, f)
}

// concerns says whether the file may be one that kitgen generate reads: types of
// other packages travel too.
func concerns(path string) bool {
	switch filepath.Ext(path) {
	case ".go":
		return !strings.HasSuffix(path, "_gen.go") && !strings.HasSuffix(path, ".pb.go")
	case ".proto", ".tmpl":
		return true
	}
	return slices.Contains([]string{project.ManifestPath, "go.mod", "go.work"}, filepath.Base(path))
}

// look sees all that the programs are made of.
func (s *session) look() files {
	var more sources
	for _, f := range s.fleets {
		f.mu.Lock()
		more = more.join(f.made)
		f.mu.Unlock()
	}
	return look(s.roots(), more)
}

// roots are the directories whose files the programs are made of, without those
// inside of others.
func (s *session) roots() []string {
	var all, top []string
	for _, f := range s.fleets {
		all = append(all, f.root())
	}
	slices.Sort(all)
	for _, dir := range slices.Compact(all) {
		inside := func(other string) bool { return strings.HasPrefix(dir, other+string(filepath.Separator)) }
		if !slices.ContainsFunc(top, inside) {
			top = append(top, dir)
		}
	}
	return top
}

// close ends everything, in the order in which nothing is missed: doors,
// replicas, which leave the registry, and the registry.
func (s *session) close() error {
	s.quit()
	s.turn <- struct{}{} // what was under way has ended, and nothing begins any more
	errs := []error{s.each(s.replicasThatRun(), s.end)}
	for _, f := range s.fleets {
		if f.door != nil {
			errs = append(errs, f.door.close())
		}
		if f.instances != nil {
			f.instances.Stop()
		}
	}
	if s.etcd != nil {
		errs = append(errs, s.end(s.etcd))
	}
	s.tasks.Wait()
	return errors.Join(errs...)
}

func (s *session) replicasThatRun() []*unit {
	s.mu.Lock()
	defer s.mu.Unlock()
	var running []*unit
	for _, f := range s.fleets {
		for _, u := range f.units {
			if u.state.running() {
				running = append(running, u)
			}
		}
	}
	return running
}

// units are all that have a name.
func (s *session) units() []*unit {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*unit
	for _, f := range s.fleets {
		all = append(all, f.units...)
	}
	if s.etcd != nil {
		all = append(all, s.etcd)
	}
	return all
}

// clear removes what the session kept.
func (s *session) clear() error {
	return errors.Join(os.RemoveAll(filepath.Join(s.place, "etcd")), os.RemoveAll(filepath.Join(s.place, "bin")))
}
