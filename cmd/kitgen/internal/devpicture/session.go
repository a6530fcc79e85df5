package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// session is kitgen dev in one terminal, and what is typed in another.
type session struct {
	dir   string   // where kitgen is, and the service below
	shown []string // of kitgen dev's, before it ended
	lines []string // of the other terminal
}

// command runs a command in dir; what it prints is in its error.
func (s *session) command(ctx context.Context, line, dir string) error {
	if text, err := s.cmd(ctx, line, dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", line, err, text)
	}
	return nil
}

func (s *session) cmd(ctx context.Context, line, dir string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+s.dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	return cmd
}

// play starts kitgen dev, types commands, and ends it.
func (s *session) play(ctx context.Context, typed []string) (err error) {
	file, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	service := filepath.Join(s.dir, "greeter")
	ctx, cancel := context.WithCancel(ctx)
	dev := s.cmd(ctx, "kitgen dev --replicas 3", service)
	dev.Stdout, dev.Stderr = file, file
	if err := dev.Start(); err != nil {
		cancel()
		return err
	}
	var end error // read after ended
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		end = dev.Wait()
	}()
	defer func() {
		cancel()
		<-ended
	}()
	for !strings.Contains(strings.Join(s.log(), "\n"), "Ctrl-C ends it all") {
		select {
		case <-ended:
			return fmt.Errorf("kitgen dev ended: %w\n%s", end, strings.Join(s.log(), "\n"))
		case <-time.After(100 * time.Millisecond):
		}
	}
	for _, line := range typed {
		text, err := s.cmd(ctx, line, service).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", line, err, text)
		}
		s.lines = append(s.lines, "$ "+line)
		s.lines = append(s.lines, strings.Split(strings.TrimSpace(string(text)), "\n")...)
	}
	s.shown = s.log()
	return nil
}

// log is what kitgen dev has printed.
func (s *session) log() []string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return nil
	}
	return strings.Split(string(bytes.TrimSpace(text)), "\n")
}
