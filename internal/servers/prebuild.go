package servers

import (
	"context"
	"io"
)

// Prebuild builds every server that is not in the cache yet and says on
// progress what it waits for.
func Prebuild(ctx context.Context, progress io.Writer) error {
	for _, k := range []kind{etcdKind(Options{}, 1), consulKind(Options{}, 1)} {
		if _, err := k.program(ctx, progress); err != nil {
			return err
		}
	}
	return nil
}
