//go:build !unix

package sd

import (
	"fmt"
	"os"
)

// openOwn opens a regular file, and no link. Whose it is, this system's own
// permissions have to say.
func openOwn(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is no regular file (%s): remove it", info.Mode())
	}
	return os.Open(path)
}
