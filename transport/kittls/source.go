package kittls

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

const (
	interval = time.Second // between two looks at the files
	maxFile  = 4 << 20     // bytes; the largest public bundles have a tenth of that
)

// source is what a few files mean, read anew while they are used.
type source[T any] struct {
	files  []file
	parse  func(contents [][]byte) (T, error)
	logger log.Logger

	now atomic.Pointer[state[T]] // never nil once read

	mu   sync.Mutex // guards the fields below
	next time.Time  // when to look again
	seen [sha256.Size]byte
}

// file is a path, and the field of a config that it came from.
type file struct{ field, path string }

func (f file) String() string { return f.field + ": " + f.path }

// state is immutable.
type state[T any] struct {
	value T
	loads uint64 // how often a new value was taken
	err   error  // why the files are not what value is
}

// open reads the files for the first time.
func open[T any](logger log.Logger, parse func([][]byte) (T, error), files ...file) (*source[T], error) {
	s := &source[T]{files: files, parse: parse, logger: logger}
	contents, sum, err := s.read()
	if err != nil {
		return nil, err
	}
	value, err := parse(contents)
	if err != nil {
		return nil, err
	}
	s.now.Store(&state[T]{value: value, loads: 1})
	s.seen, s.next = sum, time.Now().Add(interval)
	return s, nil
}

// get is what the files mean, as of at most interval ago. It does not wait for
// another who is reading them.
func (s *source[T]) get() T {
	if s.mu.TryLock() {
		if now := time.Now(); !now.Before(s.next) {
			s.look(now)
		}
		s.mu.Unlock()
	}
	return s.now.Load().value
}

// renew looks at once, and returns what the files mean now.
func (s *source[T]) renew() T {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look(time.Now())
	return s.now.Load().value
}

// look reads the files and takes what they mean now; mu is held. What made no
// sense is tried again even if it did not change: a certificate may begin to be
// valid.
func (s *source[T]) look(now time.Time) {
	s.next = now.Add(interval)
	was := s.now.Load()
	contents, sum, err := s.read()
	if err == nil && sum == s.seen && was.err == nil {
		return
	}
	news := sum != s.seen
	s.seen = sum
	var value T
	if err == nil {
		value, err = s.parse(contents)
	}
	if err == nil {
		s.now.Store(&state[T]{value: value, loads: was.loads + 1})
		_ = level.Info(s.logger).Log("msg", "TLS files read anew", "files", s.names())
		return
	}
	s.now.Store(&state[T]{value: was.value, loads: was.loads, err: err})
	if news || was.err == nil || was.err.Error() != err.Error() {
		_ = level.Error(s.logger).Log("msg", "TLS files make no sense; what they were before stays in force", "err", err)
	}
}

// read returns the contents of all files, and their sum: a key is not kept in
// memory for the sake of a comparison.
func (s *source[T]) read() (contents [][]byte, sum [sha256.Size]byte, err error) {
	h := sha256.New()
	for _, f := range s.files {
		b, err := f.read()
		if err != nil {
			return nil, sum, err
		}
		_ = binary.Write(h, binary.BigEndian, int64(len(b)))
		h.Write(b)
		contents = append(contents, b)
	}
	return contents, [sha256.Size]byte(h.Sum(nil)), nil
}

func (s *source[T]) names() string {
	paths := make([]string, len(s.files))
	for i, f := range s.files {
		paths[i] = f.path
	}
	return strings.Join(paths, ", ")
}

// read is the content of a file that is no larger than it can be.
func (f file) read() ([]byte, error) {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such file; check the path, and whether what writes it has run", f)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", f, errors.Unwrap(err))
	case !info.Mode().IsRegular(): // opening some of these waits for ever
		return nil, fmt.Errorf("%s is no regular file; name a PEM file", f)
	}
	o, err := os.Open(f.path)
	if errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("%s: this process may not read it; give its user permission to", f)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f, errors.Unwrap(err))
	}
	defer func() { _ = o.Close() }()
	b, err := io.ReadAll(io.LimitReader(o, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f, errors.Unwrap(err))
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("%s has more than %d MiB; name a PEM file", f, maxFile>>20)
	}
	return b, nil
}
