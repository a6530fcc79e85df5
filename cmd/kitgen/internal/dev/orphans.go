package dev

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// endOrphans ends what a session of this directory left that was killed. On
// Linux there should be nothing: the kernel has seen to it. On Windows nobody
// looks: it has no ps.
//
// The caller has the directory's lock, so whatever runs a program that only a
// session of it puts there is nobody's. What is killed is what ps lists in the
// same moment, and no number that was noted earlier and may be another's now.
func (s *session) endOrphans(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("what the session before left has not ended within %s: see ps", patience))
	defer cancel()
	for told := map[int]bool{}; ; {
		left := s.orphans(ctx)
		if len(left) == 0 {
			return nil
		}
		for pid, program := range left {
			if p, err := os.FindProcess(pid); err == nil {
				_ = p.Kill() // if it has ended, that is what was wanted
			}
			if !told[pid] {
				s.book.say("ended pid %d, which a session that was killed had left: %s", pid, program)
			}
			told[pid] = true
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond): // a kill takes effect a little later
		}
	}
}

// orphans are the programs of this directory's processes, by their number.
func (s *session) orphans(ctx context.Context) map[int]string {
	list, err := exec.CommandContext(ctx, "ps", "-A", "-ww", "-o", "pid=", "-o", "args=").Output()
	if err != nil {
		return nil // an image that has another ps, or none, is of Linux
	}
	mine := map[int]string{}
	for line := range strings.Lines(string(list)) {
		number, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		if pid, err := strconv.Atoi(number); err == nil && s.started(strings.TrimSpace(command)) {
			mine[pid], _, _ = strings.Cut(command, " -") // flags may have a password
		}
	}
	return mine
}

// started says whether a command line is one that only a session of this
// directory has, be the directory written as it may: that of a replica or of
// its etcd.
func (s *session) started(command string) bool {
	dir, _, replica := strings.Cut(command, filepath.FromSlash("/"+Place+"/bin/"))
	if replica && same(filepath.Join(dir, filepath.FromSlash(Place)), s.place) {
		return true
	}
	program, rest, etcd := strings.Cut(command, " etcd --data-dir ")
	data, _, listens := strings.Cut(rest, " --listen ")
	self, err := os.Executable()
	return err == nil && etcd && listens && filepath.Base(program) == filepath.Base(self) && same(filepath.Dir(data), s.place)
}

// same says whether both are one directory.
func same(a, b string) bool {
	if !filepath.IsAbs(a) {
		return false
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
