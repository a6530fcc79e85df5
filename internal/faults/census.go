package main

import (
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kitgen/kitgen/internal/faults/internal/history"
)

// rest waits until the consumer uses no more than it did before the load, or
// for ten seconds, and returns what it uses.
func (t *trial) rest() (now history.Census) {
	if _, ok := t.await(time.Now().Add(10*time.Second), func() bool {
		now = t.census()
		return now.Frugal(t.history.Before)
	}); !ok {
		t.say("goroutines, by who began them: " + strings.Join(whose(), ", "))
	}
	return now
}

// census counts what the consumer uses: goroutines that are not the row's own,
// and connections to the registry and the instances.
func (t *trial) census() history.Census {
	return history.Census{Goroutines: goroutines(), Sockets: t.sockets()}
}

// goroutines counts those that run no function of this program.
func goroutines() int {
	n := 0
	for range others() {
		n++
	}
	return n
}

// whose says how many of them were begun by what.
func whose() (lines []string) {
	by := map[string]int{}
	for stack := range others() {
		_, creator, _ := strings.Cut(stack, "\ncreated by ")
		creator, _, _ = strings.Cut(creator, " in goroutine")
		by[creator]++
	}
	for _, creator := range slices.Sorted(maps.Keys(by)) {
		lines = append(lines, fmt.Sprintf("%d %s", by[creator], creator))
	}
	return lines
}

// others are the stacks of goroutines that run no function of this program.
func others() iter.Seq[string] {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	return func(yield func(string) bool) {
		for stack := range strings.SplitSeq(string(buf), "\n\n") {
			frames, _, _ := strings.Cut(stack, "\ncreated by ")
			ours := false
			for _, part := range []string{"\nmain.", "/internal/faults.", "/internal/servers.", "\nos/exec.", "\nos/signal.", "\ntesting."} {
				ours = ours || strings.Contains(frames, part)
			}
			if !ours && !yield(stack) {
				return
			}
		}
	}
}

// sockets counts this process's connections to where the consumer connects.
// Only Linux tells; elsewhere it is 0.
func (t *trial) sockets() (n int) {
	to := map[string]bool{}
	for _, host := range hosts(t.registry.consumer()) {
		to[port(host)] = true
	}
	for _, in := range t.members {
		to[port(in.addr)], to[port(in.rpc)] = true, true
	}
	remote := remotes()
	fds, _ := filepath.Glob("/proc/self/fd/*") // the pattern is right
	for _, fd := range fds {
		link, err := os.Readlink(fd)
		if inode, ok := strings.CutPrefix(link, "socket:["); err == nil && ok && to[remote[strings.TrimSuffix(inode, "]")]] {
			n++
		}
	}
	return n
}

// remotes is the port to which each TCP socket of this machine is connected, by
// inode.
func remotes() map[string]string {
	ports := map[string]string{}
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table) //nolint:gosec // one of the two
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line) // sl local_address rem_address st … inode
			if len(f) < 10 {
				continue
			}
			_, hexPort, _ := strings.Cut(f[2], ":")
			if b, err := hex.DecodeString(hexPort); err == nil && len(b) == 2 {
				ports[f[9]] = strconv.Itoa(int(b[0])<<8 | int(b[1]))
			}
		}
	}
	return ports
}

// hosts are those of a target.
func hosts(target string) []string {
	_, rest, _ := strings.Cut(target, "://")
	list, _, _ := strings.Cut(rest, "/")
	return strings.Split(list[strings.LastIndexByte(list, '@')+1:], ",")
}

func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}
