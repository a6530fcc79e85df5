package dev

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// typed sends every line of in, until in or ctx ends. Nothing can end the wait
// for somebody to type, so nobody waits for that end either: it is the one
// goroutine that may be left when kitgen exits.
func typed(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		scanner := bufio.NewScanner(in)
		for scanner.Scan() {
			select {
			case lines <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

// prompt carries out what is typed, one line after the other.
func prompt(con *console.Console) func(context.Context, *session) {
	return func(ctx context.Context, s *session) {
		lines := typed(ctx, con.In)
		for {
			select {
			case <-ctx.Done():
				return
			case line, ok := <-lines:
				if !ok {
					return // nobody is there; other terminals may be
				}
				if err := s.enter(ctx, con, strings.Fields(line)); err != nil && ctx.Err() == nil {
					s.book.say("%v", err)
				}
			}
		}
	}
}

// enter carries out one line.
func (s *session) enter(ctx context.Context, con *console.Console, words []string) error {
	if len(words) == 0 {
		return nil
	}
	switch words[0] {
	case "help", "?":
		fmt.Fprint(con.Out, help())
		return nil
	case "ps":
		return printRows(con.Out, s.rows())
	case "quit", "exit":
		words[0] = "down"
	case "call":
		return s.call(ctx, con, words[1:])
	}
	return s.do(ctx, words[0], words[1:], func(string, ...row) {})
}

// call runs kitgen call, which finds this session by itself.
func (s *session) call(ctx context.Context, con *console.Console, args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"call"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.dir, con.Out, con.Err
	_ = cmd.Run() // it has said what is wrong
	return nil
}
