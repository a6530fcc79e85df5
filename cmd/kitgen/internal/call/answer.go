package call

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
	"github.com/kitgen/kitgen/transport"
)

// one makes a call and prints what it answers: of a stream, each element when it
// comes.
func (r *run) one(ctx context.Context, c *client, job any) error {
	bounded := ctx
	if r.within > 0 {
		var cancel context.CancelFunc
		bounded, cancel = context.WithTimeout(ctx, r.within)
		defer cancel()
	}
	answer, err := c.call(bounded, job)
	if r.con.Verbose && c.at() != "" {
		r.con.Detail("asked %s", r.name(ctx, c.at()))
	}
	if err != nil {
		return r.failure(ctx, c, err)
	}
	switch answer := answer.(type) {
	case json.RawMessage:
		return show(r.con.Out, answer)
	case *transport.Stream[json.RawMessage]:
		for v, err := range answer.All() {
			if err != nil {
				return r.failure(ctx, c, err)
			}
			if err := show(r.con.Out, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// name is what an instance is called in the session, and its address.
func (r *run) name(ctx context.Context, addr string) string {
	if r.note != nil {
		if name := r.note.Names(ctx)[addr]; name != "" {
			return name + " at " + addr
		}
	}
	return addr
}

// show prints JSON on a line of its own, at once. What could have a terminal do more
// than show it is escaped, which to JSON is the same.
func show(w io.Writer, text json.RawMessage) error {
	if len(text) == 0 {
		text = json.RawMessage("{}")
	}
	var line bytes.Buffer
	if err := json.Compact(&line, text); err != nil {
		return console.FailureError{Err: fmt.Errorf("the answer is no JSON: %w", err)}
	}
	line.WriteByte('\n')
	_, err := w.Write(escaped(line.Bytes()))
	return err
}

// escaped is a line of JSON without control characters, nor bytes that are no text.
func escaped(line []byte) []byte {
	controls := func(r rune) bool { return unicode.IsControl(r) && r != '\n' }
	if utf8.Valid(line) && !bytes.ContainsFunc(line, controls) {
		return line
	}
	var b bytes.Buffer
	for _, r := range string(line) {
		if controls(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.Bytes()
}

// failure is what to say of a call that ended with err, which --json also has as a
// last line.
func (r *run) failure(ctx context.Context, c *client, err error) error {
	if refused, ok := errors.AsType[project.Refusal](err); ok {
		return refused // of what was to be sent
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	late := r.within > 0 && errors.Is(err, context.DeadlineExceeded)
	said, answered := failed(err)
	if unreached := notSent(err); unreached || !answered || strings.Contains(err.Error(), "HTTPS") { // as net/http answers plain text
		if mend := r.mend(ctx, c.at(), err); mend != "" {
			return console.EnvironmentError{Err: fmt.Errorf("%w; %s", err, mend)}
		}
		if unreached && !late {
			return console.EnvironmentError{Err: fmt.Errorf("no instance could be reached: %w", err)}
		}
	}
	if late {
		err = fmt.Errorf("no end of it within %s (--timeout): %w", r.within, err)
		said, answered = failed(err)
	}
	if !answered {
		return console.FailureError{Err: err}
	}
	if r.con.JSON {
		line, jsonErr := json.Marshal(map[string]any{"error": said})
		if jsonErr == nil {
			jsonErr = show(r.con.Out, line)
		}
		return errors.Join(console.FailureError{Err: said}, jsonErr)
	}
	return console.FailureError{Err: said}
}

// notSent reports whether nothing of a call has left this machine.
func notSent(err error) bool {
	unsent, ok := errors.AsType[interface {
		error
		NotSent() bool
	}](err)
	return ok && unsent.NotSent()
}
