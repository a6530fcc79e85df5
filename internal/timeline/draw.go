package timeline

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Draw plays every scene and writes its picture into a folder, which must exist.
// It hears about what takes long.
//
// It runs this program again for the instances, with Command as their first
// argument; main hands the rest to Instance.
func Draw(ctx context.Context, out string, progress io.Writer) error {
	if info, err := os.Stat(out); err != nil || !info.IsDir() {
		return fmt.Errorf("%s: not a folder: make it, or name another", out)
	}
	for _, sc := range scenes() {
		fmt.Fprintf(progress, "pictures: playing %s, up to half a minute\n", sc.name)
		ctx, cancel := context.WithTimeout(ctx, 5*time.Minute) // a first run builds etcd
		rec, err := sc.run(ctx, defaultPace())
		cancel()
		if err != nil {
			return fmt.Errorf("scene %s: %w", sc.name, err)
		}
		file := filepath.Join(out, sc.name+".svg")
		if err := os.WriteFile(file, []byte(Picture(rec)), 0o644); err != nil { //nolint:gosec // everybody may read a picture
			return err
		}
		calls, failed := rec.counts()
		fmt.Fprintf(progress, "pictures: %s: %d calls, %d failed\n", file, calls, failed)
	}
	return nil
}
