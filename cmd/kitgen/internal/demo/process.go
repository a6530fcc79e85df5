package demo

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
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
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{cmd: cmd, log: log.Name(), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
	}()
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

// freePorts finds n loopback addresses that nobody listens on.
func freePorts(n int) ([]string, error) {
	var addrs []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}
