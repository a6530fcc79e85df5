package sd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
)

// set reads a set from a line: "a b" are two instances, "a~" is Draining, "a!"
// Critical, "a?" has no usable address, "a@b" stands at b's address.
func set(line string) []Instance {
	list := []Instance{}
	for word := range strings.FieldsSeq(line) {
		in := Instance{}
		switch word[len(word)-1] {
		case '~':
			in.State, word = Draining, word[:len(word)-1]
		case '!':
			in.State, word = Critical, word[:len(word)-1]
		case '?':
			in.Addr, word = "nowhere", word[:len(word)-1]
		}
		id, host, moved := strings.Cut(word, "@")
		if !moved {
			host = id
		}
		in.ID = id
		if in.Addr == "" {
			in.Addr = host + ":80"
		}
		list = append(list, in)
	}
	return list
}

// line is the reverse of set, sorted as it comes.
func line(list []Instance) string {
	words := make([]string, 0, len(list))
	for _, in := range list {
		word := in.ID
		if host := strings.TrimSuffix(in.Addr, ":80"); host != in.ID {
			word += "@" + host
		}
		switch in.State {
		case Draining:
			word += "~"
		case Critical:
			word += "!"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

// sequence is n instances named a00, a01, ...
func sequence(n int) []Instance {
	list := make([]Instance, n)
	for i := range list {
		list[i] = Instance{
			ID: fmt.Sprintf("a%04d", i), Addr: fmt.Sprintf("10.0.%d.%d:8080", i/250, i%250+1), Weight: 1, Zone: "eu-west-1a",
			Version: "v1.2.3", Tags: []string{"canary"}, Meta: map[string]string{"grpc": fmt.Sprintf("10.0.%d.%d:8081", i/250, i%250+1)},
		}
	}
	return list
}

// remote is a Watcher whose registry is the test.
type remote struct {
	sets chan []Instance
	fail chan error

	mu     sync.Mutex // guards begun
	begun  []time.Time
	active int
}

func newRemote() *remote {
	return &remote{sets: make(chan []Instance), fail: make(chan error)}
}

func (r *remote) Watch(ctx context.Context, update func([]Instance)) error {
	r.mu.Lock()
	r.begun = append(r.begun, time.Now())
	r.active++
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.active--
		r.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case s := <-r.sets:
			update(s)
		case err := <-r.fail:
			return err
		}
	}
}

func (r *remote) starts() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.begun)
}

// watchFunc and holdFunc are backends of one function.
type (
	watchFunc func(ctx context.Context, update func([]Instance)) error
	holdFunc  func(ctx context.Context, in Instance, held func()) error
)

func (f watchFunc) Watch(ctx context.Context, update func([]Instance)) error { return f(ctx, update) }

func (f holdFunc) Hold(ctx context.Context, in Instance, held func()) error { return f(ctx, in, held) }

// journal is a logger that remembers its lines.
type journal struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (j *journal) Log(keyvals ...any) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var b strings.Builder
	_ = log.NewLogfmtLogger(&b).Log(keyvals...)
	j.lines = append(j.lines, strings.TrimSpace(b.String()))
	return nil
}

// having counts the lines that contain text.
func (j *journal) having(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, l := range j.lines {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

func knows(t *testing.T, i *Instancer, want string) {
	t.Helper()
	if s, _ := i.Snapshot(); line(s.Instances) != want {
		t.Errorf("knows %q, want %q", line(s.Instances), want)
	}
}

// pass lets d go by in a synctest bubble, and then everybody come to rest.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
