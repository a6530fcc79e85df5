package sd_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

// watch is a Watcher of one function.
type watch func(ctx context.Context, update func([]sd.Instance)) error

func (w watch) Watch(ctx context.Context, update func([]sd.Instance)) error { return w(ctx, update) }

// seeing is a registrar that watches its own removal by w.
func seeing(h sd.Holder, id string, w sd.Watcher) *sd.Registrar {
	return sd.NewRegistrar(h, sd.Instance{ID: id, Addr: "10.0.0.1:80"}, sd.RegistrarConfig{Watcher: w})
}

// ask calls Gone in the background.
func ask(ctx context.Context, r interface{ Gone(context.Context) error }) <-chan error {
	answer := make(chan error, 1)
	go func() { answer <- r.Gone(ctx) }()
	return answer
}

func TestGoneOnceTheWatchSeesItLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry sdtest.Memory
		other := seeing(registry.Holder("a"), "other", nil)
		r := seeing(registry.Holder("a"), "x", registry.Watcher("a"))
		other.Register()
		r.Register()
		if err := r.Listed(t.Context()); err != nil {
			t.Error(err)
		}
		gone := ask(t.Context(), r)
		time.Sleep(time.Hour)
		select {
		case err := <-gone:
			t.Errorf("gone (%v) while it is there", err)
		default:
		}
		r.Deregister()
		if err := <-gone; err != nil {
			t.Errorf("it left, and Gone returned %v", err)
		}
		if err := r.Gone(t.Context()); err != nil {
			t.Errorf("asked after it left: %v", err)
		}
		other.Deregister()
	})
}

// TestDrainingIsGone: callers do not choose it any more.
func TestDrainingIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sets := make(chan []sd.Instance)
		gone := ask(t.Context(), seeing(nil, "x", watch(func(ctx context.Context, update func([]sd.Instance)) error {
			for {
				select {
				case s := <-sets:
					update(s)
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		})))
		sets <- []sd.Instance{{ID: "x"}, {ID: "y", State: sd.Draining}}
		synctest.Wait()
		if len(gone) != 0 {
			t.Error("gone because another one drains")
		}
		sets <- []sd.Instance{{ID: "x", State: sd.Draining}}
		if err := <-gone; err != nil {
			t.Error(err)
		}
	})
}

func TestGoneCannotKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("connection refused")
		for name, tt := range map[string]struct {
			watcher sd.Watcher
			want    string
		}{
			"no watcher": {nil, "unsupported operation: a registrar without a Watcher"},
			"breaks":     {watch(func(context.Context, func([]sd.Instance)) error { return broken }), "watch for the removal: connection refused"},
			"panics":     {watch(func(context.Context, func([]sd.Instance)) error { panic("boom") }), "watch for the removal: backend panicked: boom"},
			"ends":       {watch(func(context.Context, func([]sd.Instance)) error { return nil }), "watch for the removal: "},
			"silent":     {watch(func(ctx context.Context, _ func([]sd.Instance)) error { <-ctx.Done(); return ctx.Err() }), "enough"},
		} {
			short, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
			defer cancel()
			if err := seeing(nil, "x", tt.watcher).Gone(short); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("%s: %v, want %s", name, err, tt.want)
			}
		}
		if err := seeing(nil, "x", nil).Gone(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("no watcher: %v", err)
		}
		short, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("enough"))
		defer cancel()
		if err := seeing(nil, "x", nil).Listed(short); err == nil || err.Error() != "enough" {
			t.Errorf("never registered: listed, with %v", err)
		}
	})
}

// TestDeregisterLetsTheWatchOpenFirst has a registry that is slow to tell its
// first set, and one that never does.
func TestDeregisterLetsTheWatchOpenFirst(t *testing.T) {
	for name, tt := range map[string]struct{ opens, waits time.Duration }{
		"slow":  {100 * time.Millisecond, 100 * time.Millisecond},
		"never": {time.Hour, 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var registry sdtest.Memory
				var left atomic.Bool
				r := seeing(registry.Holder("a"), "x", watch(func(ctx context.Context, update func([]sd.Instance)) error {
					select {
					case <-time.After(tt.opens):
					case <-ctx.Done():
						return ctx.Err()
					}
					if left.Load() {
						t.Error("left before the watch was open")
					}
					update([]sd.Instance{{ID: "x"}})
					<-ctx.Done()
					return ctx.Err()
				}))
				r.Register()
				<-r.Registered()
				ctx, cancel := context.WithCancel(t.Context())
				gone := ask(ctx, r)
				synctest.Wait()
				began := time.Now()
				r.Deregister()
				left.Store(true)
				if took := time.Since(began); took != tt.waits {
					t.Errorf("leaving took %s, want %s", took, tt.waits)
				}
				cancel()
				if err := <-gone; !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		})
	}
}

// refuses is a registry that registers everybody and lets nobody go.
type refuses struct{ err error }

func (r refuses) Hold(ctx context.Context, _ sd.Instance, held func()) error {
	held()
	<-ctx.Done()
	return r.err
}

func TestLeftSaysHowItLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, want := range []error{nil, errors.New("permission denied")} {
			r := seeing(refuses{want}, "x", nil)
			g := sd.NewGroup(r)
			g.Register()
			if err := g.Listed(t.Context()); err != nil || r.Left() != nil {
				t.Errorf("listed: %v, left: %v", err, r.Left())
			}
			g.Deregister()
			if !errors.Is(r.Left(), want) || !errors.Is(g.Left(), want) {
				t.Errorf("left with %v, and says %v, %v", want, r.Left(), g.Left())
			}
		}
	})
}

// TestWhatNobodyCanRegisterIsNeverListed: waiting would not mend it.
func TestWhatNobodyCanRegisterIsNeverListed(t *testing.T) {
	r := sd.NewRegistrar(refuses{}, sd.Instance{Addr: "0.0.0.0:80"}, sd.RegistrarConfig{})
	if err := sd.NewGroup(r).Listed(t.Context()); !errors.Is(err, sd.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestGroupIsGoneWithItsLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry sdtest.Memory
		a, b := seeing(registry.Holder("a"), "x", registry.Watcher("a")), seeing(registry.Holder("b"), "x", registry.Watcher("b"))
		g := sd.NewGroup(a, b)
		g.Register()
		if err := g.Listed(t.Context()); err != nil {
			t.Error(err)
		}
		gone := ask(t.Context(), g)
		synctest.Wait()
		a.Deregister()
		synctest.Wait()
		if len(gone) != 0 {
			t.Error("gone with its first")
		}
		b.Deregister()
		if err := <-gone; err != nil {
			t.Error(err)
		}

		if err := sd.NewGroup(a, seeing(nil, "y", nil)).Gone(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a member cannot tell, and the group says %v", err)
		}
		if err := sd.NewGroup().Gone(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("an empty group says %v", err)
		}
	})
}

func ExampleOpenRegistrar() {
	var registry sdtest.Memory
	memory := sd.Scheme{ // or etcd.Scheme, consul.Scheme
		Name:    "memory",
		Watcher: func(t sd.Target) (sd.Watcher, error) { return registry.Watcher(t.Path[0]), nil },
		Holder:  func(t sd.Target) (sd.Holder, error) { return registry.Holder(t.Path[0]), nil },
	}
	registrar, err := sd.OpenRegistrar("memory:///addsvc", sd.Instance{ID: "addsvc-1", Addr: "10.0.0.7:8080"}, sd.RegistrarConfig{}, memory)
	if err != nil {
		fmt.Println(err)
		return
	}
	registrar.Register()
	fmt.Println("listed:", registrar.Listed(context.Background()))

	gone := make(chan error)
	go func() { gone <- registrar.Gone(context.Background()) }()
	registrar.Deregister()
	fmt.Println("gone:", <-gone)
	// Output:
	// listed: <nil>
	// gone: <nil>
}

func TestOpenRegistrarRefusesWhatOpenDoes(t *testing.T) {
	var registry sdtest.Memory
	scheme := sd.Scheme{
		Name: "a",
		Watcher: func(t sd.Target) (sd.Watcher, error) {
			if len(t.Path) > 1 {
				return nil, errors.New("nobody can watch that")
			}
			return registry.Watcher("a"), nil
		},
		Holder: func(sd.Target) (sd.Holder, error) { return registry.Holder("a"), nil },
	}
	for target, want := range map[string]string{
		"b://h:1/x":                "no registry is called",
		"a://h:1/x/y":              "nobody can watch that",
		"a://h:1/x?protection=yes": "parameter protection",
	} {
		if _, err := sd.OpenRegistrar(target, sd.Instance{Addr: "10.0.0.1:80"}, sd.RegistrarConfig{}, scheme); !errors.Is(err, sd.ErrTarget) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", target, err, want)
		}
	}
	if _, err := sd.OpenRegistrar("a://h:1/x", sd.Instance{Addr: "0.0.0.0:80"}, sd.RegistrarConfig{}, scheme); !errors.Is(err, sd.ErrInvalid) {
		t.Errorf("an address that nobody can dial: %v", err)
	}
	scheme.Watcher = nil
	r, err := sd.OpenRegistrar("a://h:1/x", sd.Instance{Addr: "10.0.0.1:80"}, sd.RegistrarConfig{}, scheme)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Gone(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a scheme without watchers: %v", err)
	}
}

// TestWhatAWatchNeverShowedIsNotGone: a target may be about some instances only
// (a limit, a tag), and one that it leaves out has not left for that.
func TestWhatAWatchNeverShowedIsNotGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var registry sdtest.Memory
		r := seeing(registry.Holder("a"), "x", watch(func(ctx context.Context, update func([]sd.Instance)) error {
			update([]sd.Instance{{ID: "y"}})
			<-ctx.Done()
			return ctx.Err()
		}))
		r.Register()
		if err := r.Listed(t.Context()); err != nil {
			t.Error(err)
		}
		gone := ask(t.Context(), r)
		synctest.Wait()
		r.Deregister()
		if err := <-gone; err == nil || !strings.Contains(err.Error(), "does not show") {
			t.Errorf("Gone returned %v", err)
		}
	})
}

// slowly is a Holder that removes an instance a moment before it says so.
type slowly chan struct{}

func (removed slowly) Hold(ctx context.Context, _ sd.Instance, held func()) error {
	held()
	<-ctx.Done()
	close(removed)
	time.Sleep(10 * time.Millisecond)
	return nil
}

func TestGoneThoughTheFirstLookCameAfterTheRemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		removed := make(slowly)
		r := seeing(removed, "x", watch(func(ctx context.Context, update func([]sd.Instance)) error {
			<-removed
			update(nil)
			<-ctx.Done()
			return ctx.Err()
		}))
		r.Register()
		if err := r.Listed(t.Context()); err != nil {
			t.Error(err)
		}
		gone := ask(t.Context(), r)
		synctest.Wait()
		r.Deregister()
		if err := <-gone; err != nil {
			t.Errorf("it left, and Gone returned %v", err)
		}
	})
}
