package dev

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// generate brings what follows from the interface up to date, by this very
// kitgen, and logs what that changed.
func (s *session) generate(ctx context.Context, f *fleet) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "generate") //nolint:gosec // it is this program
	cmd.Dir = f.dir
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "identical") {
			s.book.say("%s", strings.TrimSpace(line))
		}
	}
	if err == nil {
		return nil
	}
	text := strings.TrimSpace(complaint.String())
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == refused {
		return project.Refusal(strings.TrimPrefix(text, "kitgen: "))
	}
	return fmt.Errorf("kitgen generate: %w\n%s", err, text)
}

// refused is the exit code of kitgen generate for what the user has to mend.
const refused = 4

// build compiles f and reports whether that made another program than the one
// before. What is looked at from now on is what the program is made of; if it
// does not compile, also what it was made of before.
func (s *session) build(ctx context.Context, f *fleet) (changed bool, err error) {
	made, listing := f.sources(ctx) // before, so that what changes meanwhile is seen
	f.learn(made)
	changed, err = s.compile(ctx, f)
	if err == nil && listing == nil {
		f.mu.Lock()
		f.made = made
		f.mu.Unlock()
	}
	return changed, err
}

// learn adds to what f is made of.
func (f *fleet) learn(made sources) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made = f.made.join(made)
}

func (s *session) compile(ctx context.Context, f *fleet) (changed bool, err error) {
	out := filepath.Join(s.place, "build", f.name) + exe()
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", out, "./cmd/"+f.name) //nolint:gosec // the name was checked when the service was made
	cmd.Dir = f.dir
	if text, err := cmd.CombinedOutput(); err != nil {
		return false, fmt.Errorf("go build ./cmd/%s: %w\n%s", f.name, err, bytes.TrimSpace(text))
	}
	sum, err := hash(out)
	if err != nil || sum == f.sum {
		return false, err
	}
	// Replicas run a copy: a program that runs cannot be overwritten.
	program := filepath.Join(s.place, "bin", f.name+"-"+sum[:12]) + exe()
	if err := copyFile(out, program); err != nil {
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sum, f.path = sum, program
	return true, nil
}

func exe() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

func hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(to); err == nil {
		return nil // the same, by its name
	}
	part := to + ".part" // so that only a whole one has the name
	if err := os.WriteFile(part, b, 0o755); err != nil {
		return errors.Join(err, os.Remove(part))
	}
	return os.Rename(part, to)
}
