package demo

import (
	"io"
	"os"
	"path/filepath"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/child"
)

// process is a child whose standard error is kept in a file.
type process struct {
	*child.Process
	log string
}

// launch starts a program with its standard error in a file of dir. stdout may
// be nil.
func launch(dir, name string, stdout io.Writer, argv ...string) (*process, error) {
	log, err := openLog(dir, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the child has its own descriptor
	p, err := child.Start(child.Config{Name: name, Dir: dir, Args: argv, Stdout: stdout, Stderr: log})
	if err != nil {
		return nil, err
	}
	return &process{p, log.Name()}, nil
}

func openLog(dir, name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
}

// tail is the end of the process's log, for an error message.
func (p *process) tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}
