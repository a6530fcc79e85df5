//go:build unix

package kittls_test

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/kitgen/kitgen/transport/kittls"
)

// TestAPipeIsNotOpened: that would wait for somebody to write.
func TestAPipeIsNotOpened(t *testing.T) {
	f := newFiles(t, newAuthority(t), nil)
	os.Remove(f.cert)
	if err := syscall.Mkfifo(f.cert, 0o600); err != nil {
		t.Skip(err)
	}
	if _, err := kittls.Server(kittls.ServerConfig{Cert: f.cert, Key: f.key}); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Error(err)
	}
}
