//go:build unix

package sd

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// openOwn opens a regular file that nobody else could have put or written
// there. It neither follows a link nor waits for a pipe's other end.
func openOwn(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0) //nolint:gosec // the operator's choice
	if errors.Is(err, syscall.ELOOP) {
		return nil, errors.New("it is a symbolic link: name the file itself")
	}
	if err != nil {
		return nil, err
	}
	if err := trusted(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func trusted(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("it is no regular file (%s): remove it", info.Mode())
	}
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		return fmt.Errorf("others may write it (mode %04o): chmod 600, if it is what you expect", mode)
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to user %d, and this process runs as %d: remove it", owner.Uid, os.Geteuid())
	}
	return nil
}
