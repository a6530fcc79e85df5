package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
)

const (
	maxFile = 16 << 20 // bytes; 100 000 instances take less

	// coarse is the worst granularity of a file's time that is in use. A file
	// younger than that may change once more and look the same.
	coarse = 2 * time.Second
)

// glance is what a file looked like from outside.
type glance struct {
	info fs.FileInfo
	at   time.Time
}

// same says whether a file that looks like now surely has the content that it
// had at g. Nothing can be said of a file that was, at g, just written.
func (g glance) same(now glance) bool {
	return g.info != nil && os.SameFile(g.info, now.info) &&
		g.info.Size() == now.info.Size() && g.info.ModTime().Equal(now.info.ModTime()) &&
		g.at.Sub(g.info.ModTime()).Abs() > coarse
}

// look follows links, so that a swapped one shows as another file.
func look(path string) (glance, error) {
	info, err := os.Stat(path)
	if err != nil {
		return glance{}, err
	}
	return glance{info, time.Now()}, checkKind(info)
}

func checkKind(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode.IsDir():
		return errors.New("it is a folder: name a file in it")
	case !mode.IsRegular():
		return fmt.Errorf("it is no regular file (%s): name one that can be read again and again", mode.Type())
	case info.Size() > maxFile:
		return fmt.Errorf("it has %d bytes: at most %d are read; split the service", info.Size(), maxFile)
	}
	return nil
}

// errBusy: the file changed while it was read.
var errBusy = errors.New("it changes while it is read: replace it at once, by renaming a new one")

// read returns the content of the file and what it looked like.
func read(path string) (_ []byte, g glance, err error) {
	// O_NONBLOCK, for a FIFO put there just now would wait for a writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) //nolint:gosec // the caller's own path
	if err != nil {
		return nil, g, err
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return nil, g, err
	}
	g = glance{info, time.Now()}
	if err := checkKind(info); err != nil {
		return nil, g, err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, g, err
	}
	after, err := f.Stat()
	if err != nil {
		return nil, g, err
	}
	if int64(len(content)) != info.Size() || after.Size() != info.Size() || !after.ModTime().Equal(info.ModTime()) {
		return nil, g, errBusy
	}
	return content, g, nil
}
