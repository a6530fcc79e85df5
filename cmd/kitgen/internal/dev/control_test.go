package dev

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// claimed is a session that runs nothing and takes commands.
func claimed(t *testing.T) (*session, *control) {
	t.Helper()
	s := newSession(config{dir: t.TempDir()}, &console.Console{Out: io.Discard}, []*service{{name: "greeter"}})
	ctx, cancel := context.WithCancel(t.Context())
	s.quit = cancel
	c, err := s.claim(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	return s, c
}

func TestOnlyWhoKnowsTheTokenGivesCommands(t *testing.T) {
	s, c := claimed(t)
	if err := c.publish("etcd://127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	n, err := Find(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if !n.Alive(t.Context()) || n.Registry != "etcd://127.0.0.1:1" || n.Dir() != s.dir {
		t.Errorf("found %+v", n)
	}
	if _, err := n.units(t.Context()); err != nil {
		t.Error(err)
	}
	resp, err := http.Post("http://"+n.Addr+"/verbs/down", "application/json", strings.NewReader("[]"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("without the token: %s", resp.Status)
	}
}

func TestACommandThatIsWrongIsRefusedWithTheMend(t *testing.T) {
	s, c := claimed(t)
	if _, err := c.note.tell(t.Context(), "scale", []string{"2"}); err == nil || !strings.Contains(err.Error(), "still starting") {
		t.Errorf("before it is ready: %v", err)
	}
	if err := c.publish(""); err != nil {
		t.Fatal(err)
	}
	s.fleets[0].units = []*unit{{name: "greeter-1", state: killed}}
	for _, tt := range []struct{ line, want string }{
		{"kil greeter-1", "no command is called kil; did you mean kill?"},
		{"kill greter-1", "no replica is called greter-1; did you mean greeter-1?"},
		{"kill nobody", "no replica is called nobody; there are greeter-1"},
		{"kill greeter-1", "greeter-1 is killed, not up"},
		{"stop greeter-1", "greeter-1 is killed already"},
		{"freeze", "write it as: freeze NAME..."},
		{"scale x", "scale x: write a number from 0 to 50"},
		{"scale other 1", "no service is called other; there are greeter"},
	} {
		words := strings.Fields(tt.line)
		_, err := c.note.tell(t.Context(), words[0], words[1:])
		if _, ok := errors.AsType[project.Refusal](err); !ok || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.line, err, tt.want)
		}
	}
}

func TestADirectoryHasOneSession(t *testing.T) {
	s, c := claimed(t)
	other := newSession(s.config, s.book.con, nil)
	if _, err := other.claim(t.Context()); err == nil || !strings.Contains(err.Error(), "a session runs in") {
		t.Errorf("a second session: %v", err)
	}
	if err := c.note.remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := other.claim(t.Context()); err == nil || !strings.Contains(err.Error(), "is just starting in") {
		t.Errorf("a session whose note is not out: %v", err)
	}
	if err := c.note.post(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.place + "/.gitignore"); err != nil {
		t.Error(err)
	}
}

func TestWhatAKilledSessionLeftGoesToOneOfManyThatCome(t *testing.T) {
	dir := t.TempDir()
	place := filepath.Join(dir, filepath.FromSlash(Place))
	if err := os.MkdirAll(place, 0o750); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		stale := Note{PID: 1 << 22, Addr: "127.0.0.1:1", Place: place}
		if err := stale.post(); err != nil {
			t.Fatal(err)
		}
		got := make(chan *control, 16)
		var wg sync.WaitGroup
		for range cap(got) {
			wg.Go(func() {
				s := newSession(config{dir: dir}, &console.Console{Out: io.Discard}, nil)
				c, err := s.claim(t.Context())
				if _, refused := errors.AsType[project.Refusal](err); err != nil && !refused {
					t.Error(err)
				}
				got <- c
			})
		}
		wg.Wait()
		close(got)
		var winners []*control
		for c := range got {
			if c != nil {
				winners = append(winners, c)
			}
		}
		if len(winners) != 1 {
			t.Errorf("%d sessions took the directory", len(winners))
		}
		for _, c := range winners {
			if n, err := Find(dir); err != nil || n.Addr != c.note.Addr || !n.Alive(t.Context()) {
				t.Errorf("found %+v, %v", n, err)
			}
			if err := c.close(); err != nil {
				t.Error(err)
			}
		}
	}
}
