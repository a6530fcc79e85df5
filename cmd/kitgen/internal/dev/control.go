package dev

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// control is what other terminals talk to.
type control struct {
	note   Note
	lock   *os.File // by which the directory is this session's
	server *http.Server
	served chan error
	ready  chan struct{} // closed when the session can be told things
}

// claim makes this session the one of its directory.
func (s *session) claim(ctx context.Context) (*control, error) {
	s.place = filepath.Join(s.dir, filepath.FromSlash(Place))
	if err := os.MkdirAll(s.place, 0o755); err != nil {
		return nil, console.EnvironmentError{Err: err}
	}
	if err := os.WriteFile(filepath.Join(s.place, ".gitignore"), []byte("*\n"), 0o600); err != nil {
		return nil, console.EnvironmentError{Err: err}
	}
	held, err := lock(filepath.Join(s.place, "lock"))
	switch {
	case errors.Is(err, errHeld):
		return nil, s.occupied()
	case err != nil:
		return nil, console.EnvironmentError{Err: fmt.Errorf("%w; without a lock two sessions could be one directory's: run it on another file system", err)}
	}
	c, err := s.serve(ctx, held)
	if err != nil {
		return nil, errors.Join(console.EnvironmentError{Err: err}, held.Close())
	}
	return c, nil
}

// occupied is what to say where another session is.
func (s *session) occupied() error {
	old, err := readNote(s.place)
	if err != nil { // its note is not out yet, or not there any more
		return project.Refusal(fmt.Sprintf("a session is just starting in %s, or ending; try again", s.dir))
	}
	return project.Refusal(fmt.Sprintf("a session runs in %s already, with pid %d: see kitgen dev ps; end it with kitgen dev down", s.dir, old.PID))
}

// serve takes commands, from now on and until the control is closed. What a
// session left that was killed is put out of the way.
func (s *session) serve(ctx context.Context, held *os.File) (*control, error) {
	if _, err := os.Stat(filepath.Join(s.place, noteName)); err == nil { // else it ended in order
		if err := s.endOrphans(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.clear(); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &control{
		lock:   held,
		note:   Note{PID: os.Getpid(), Addr: l.Addr().String(), Token: rand.Text(), Place: s.place},
		served: make(chan error, 1),
		ready:  make(chan struct{}),
	}
	c.server = &http.Server{
		Handler: c.handler(s), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx }, // what is asked for ends with the session
	}
	go func() { c.served <- c.server.Serve(l) }()
	if err := c.note.post(); err != nil {
		return nil, errors.Join(err, c.stop())
	}
	return c, nil
}

// publish lets others give commands.
func (c *control) publish(registry string) error {
	c.note.Registry = registry
	if err := c.note.post(); err != nil {
		return err
	}
	close(c.ready)
	return nil
}

// close takes the note away, ends conversations, and leaves the directory to
// whoever comes next.
func (c *control) close() error { return errors.Join(c.note.remove(), c.stop(), c.lock.Close()) }

func (c *control) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if c.server.Shutdown(ctx) != nil {
		_ = c.server.Close() // somebody follows a log
	}
	if err := <-c.served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// handler answers those who know the token.
func (c *control) handler(s *session) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /alive", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /units", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(s.rows()) })
	mux.HandleFunc("GET /logs/{name}", func(w http.ResponseWriter, r *http.Request) { s.sendLog(w, r) })
	mux.HandleFunc("POST /verbs/{verb}", func(w http.ResponseWriter, r *http.Request) { s.obey(w, r) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+c.note.Token)) != 1 {
			http.Error(w, "not without the token", http.StatusForbidden)
			return
		}
		select {
		case <-c.ready:
		default:
			if r.URL.Path != "/alive" {
				http.Error(w, "the session is still starting; try again when its replicas are registered", http.StatusConflict)
				return
			}
		}
		mux.ServeHTTP(w, r)
	})
}

// obey carries out a verb and answers with what that did.
func (s *session) obey(w http.ResponseWriter, r *http.Request) {
	var args []string
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&args); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	a := answer{Verb: r.PathValue("verb")}
	if err := s.do(r.Context(), a.Verb, args, a.add); err != nil {
		_, a.Refused = errors.AsType[project.Refusal](err)
		a.Error = err.Error()
	}
	_ = json.NewEncoder(w).Encode(a) //nolint:errchkjson // who asked has left, if anything
}

// answer is what a verb did.
type answer struct {
	Verb    string   `json:"verb"`
	Lines   []string `json:"lines,omitempty"` // for people
	Units   []row    `json:"units,omitempty"` // that it was done to, as they were then
	Error   string   `json:"error,omitempty"`
	Refused bool     `json:"refused,omitempty"` // the error is the asker's
}

// add notes something that the verb did.
func (a *answer) add(line string, units ...row) {
	a.Lines, a.Units = append(a.Lines, line), append(a.Units, units...)
}

// err is the error that the verb ended with.
func (a *answer) err() error {
	switch {
	case a.Refused:
		return project.Refusal(a.Error)
	case a.Error != "":
		return errors.New(a.Error)
	}
	return nil
}

// sendLog writes what a replica logged, and goes on if it is asked to follow.
func (s *session) sendLog(w http.ResponseWriter, r *http.Request) {
	u, err := s.unit(r.PathValue("name"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
		return
	}
	last, more, stop := s.book.follow(u.name)
	defer stop()
	for _, line := range last {
		fmt.Fprintln(w, line)
	}
	flush := http.NewResponseController(w)
	for r.URL.Query().Has("follow") {
		if flush.Flush() != nil {
			return
		}
		select {
		case line := <-more:
			fmt.Fprintln(w, line)
		case <-r.Context().Done():
			return
		}
	}
}
