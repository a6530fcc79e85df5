package servers

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// tryLockFile locks path, made if missing, or fails if another holds it. The
// kernel drops the lock when the file is closed or its process dies.
func tryLockFile(path string) (*os.File, error) {
	return lockFile(path, syscall.LOCK_EX|syscall.LOCK_NB)
}

// waitLockFile is tryLockFile that waits.
func waitLockFile(path string) (*os.File, error) {
	return lockFile(path, syscall.LOCK_EX)
}

func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o666) //nolint:gosec // a lock others must be able to take
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}
