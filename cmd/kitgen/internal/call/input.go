package call

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// input is JSON that the user gave. The zero value is none.
type input struct {
	name string // what to call it where something is wrong with it
	line int    // the one before its first, if it is part of something longer
	text string
}

// object is the JSON object that it is, an empty one if there is none, with numbers
// as they are written.
func (in input) object() (map[string]any, error) {
	if in.text == "" {
		return map[string]any{}, nil
	}
	v, err := readJSON([]byte(in.text))
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return nil, in.errorf("%s: %w", in.position(syntax.Offset), err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, in.errorf("%s: it ends before the object does", in.position(int64(len(in.text))))
	}
	object, ok := v.(map[string]any)
	switch {
	case err != nil:
		return nil, in.errorf("%w", err)
	case !ok:
		return nil, in.errorf("it is no JSON object")
	}
	return object, nil
}

// errorf says what is wrong, and where.
func (in input) errorf(format string, args ...any) error {
	return fmt.Errorf("%s: %w", in.name, fmt.Errorf(format, args...))
}

// position is that of the last of the first n bytes, as line:column.
func (in input) position(n int64) string {
	before := in.text[:max(min(int(n), len(in.text))-1, 0)]
	return fmt.Sprintf("%d:%d", in.line+1+strings.Count(before, "\n"), len(before)-strings.LastIndexByte(before, '\n'))
}

// readJSON reads one value, whose numbers stay as they are written.
func readJSON(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the value")
	}
	return v, nil
}

// source is where the data of a request comes from. Whoever opened it closes it.
type source struct {
	name string
	r    io.Reader
	file *os.File // what r is, if it was opened here
	over chan struct{}
}

// open opens data: the text itself, or the file, or - for stdin, that it names
// after an @.
func openData(name, data string, stdin io.Reader) (*source, error) {
	path, ok := strings.CutPrefix(data, "@")
	switch {
	case !ok:
		return &source{name: name, r: strings.NewReader(data)}, nil
	case path == "-" && stdin == nil:
		return &source{name: "stdin", r: strings.NewReader("")}, nil
	case path == "-":
		return &source{name: "stdin", r: stdin}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, project.Refusal(fmt.Sprintf("%s: %v", name, err))
	}
	return &source{name: path, r: f, file: f}, nil
}

// whole is all of it.
func (s *source) whole() (input, error) {
	b, err := io.ReadAll(s.r)
	if err != nil {
		return input{}, project.Refusal(fmt.Sprintf("%s: %v", s.name, err))
	}
	return input{name: s.name, text: string(b)}, nil
}

// items are its lines as elements of a stream, each read when the one before was
// taken, without those that are empty.
func (s *source) items(parse func(input) (any, error)) items {
	return func(ctx context.Context) iter.Seq2[any, error] {
		return func(yield func(any, error) bool) {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			lines := s.lines(ctx)
			for {
				select {
				case <-ctx.Done():
					yield(nil, ctx.Err())
					return
				case l, more := <-lines:
					if !more {
						return
					}
					v, err := l.item(parse)
					if !yield(v, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

// line is one that was read, or why there is none.
type line struct {
	input
	err error
}

func (l line) item(parse func(input) (any, error)) (any, error) {
	if l.err != nil {
		return nil, project.Refusal(fmt.Sprintf("%s: %v", l.name, l.err))
	}
	return parse(l.input)
}

// lines sends every line until the end, or that of ctx. Nothing can end the wait
// for somebody to type, so nobody waits for the end of stdin either: that is the
// one goroutine that may be left when kitgen exits.
func (s *source) lines(ctx context.Context) <-chan line {
	out := make(chan line)
	s.over = make(chan struct{})
	go func() {
		defer close(s.over)
		defer close(out)
		in := bufio.NewReader(s.r)
		for n := 0; ; n++ {
			text, err := in.ReadString('\n')
			l := line{input: input{name: s.name, line: n, text: strings.TrimRight(text, "\r\n")}}
			if err != nil && !errors.Is(err, io.EOF) {
				l.err = err
			}
			if l.err != nil || strings.TrimSpace(l.text) != "" {
				select {
				case out <- l:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}

// close ends the reading of a file.
func (s *source) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if s.over != nil {
		<-s.over
	}
	return err
}
