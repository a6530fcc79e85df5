package demo

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// errEnded is what became of a process that should be running.
var errEnded = errors.New("ended")

// process is a child that is waited for by whoever started it.
type process struct {
	cmd  *exec.Cmd
	log  string // file with its standard error
	done chan struct{}
	err  error // of Wait; read after done
}

// launch starts a program with its standard error in a file of dir. stdout
// may be nil. The kernel ends the child if this process dies first.
func launch(dir, name string, stdout io.Writer, argv ...string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()        // the child has its own descriptor
	cmd := exec.Command(argv[0], argv[1:]...) //nolint:noctx // it ends by end, also where a context could not end it
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, stdout, log
	cmd.SysProcAttr = childAttr()
	p := &process{cmd: cmd, log: log.Name(), done: make(chan struct{})}
	started := make(chan error)
	go func() {
		defer close(p.done)
		// Linux takes the end of the thread that forked for the parent's death.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

func (p *process) signal(s syscall.Signal) error { return p.cmd.Process.Signal(s) }

// running says whether the process has not ended yet.
func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// end kills the process, also one that is frozen, and waits for it.
func (p *process) end() {
	if p == nil {
		return
	}
	if err := p.signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return
	}
	<-p.done
}

// tail is the end of the process's log, for an error message.
func (p *process) tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}

// Ports from here up to there are below those that kernels give to outgoing
// connections: one of these could otherwise take the port of a server that is
// down for a moment.
const (
	lowPort  = 18000
	highPort = 32000
)

// freePorts finds n loopback addresses that nobody listens on.
func freePorts(n int) ([]string, error) {
	var addrs []string
	var last error
	for range 100 * n {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowPort+rand.IntN(highPort-lowPort)))
		if err != nil {
			last = err
			continue
		}
		defer func() { _ = l.Close() }() // all stay open until n are found, so that no two are the same
		if addrs = append(addrs, l.Addr().String()); len(addrs) == n {
			return addrs, nil
		}
	}
	return nil, fmt.Errorf("find a free port from %d to %d: %w", lowPort, highPort, last)
}
