package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// screenshot has chromium take a picture of a page, once there is something to
// be seen there.
func screenshot(ctx context.Context, url, file string) error {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		return fmt.Errorf("-screenshot %s: %w; install it, in Debian by apt-get install chromium", file, err)
	}
	if file, err = filepath.Abs(file); err != nil {
		return err
	}
	profile, err := os.MkdirTemp("", "observability")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(profile) }() // browsers may still write there when they have ended
	select {
	case <-time.After(2 * time.Second):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", //nolint:gosec // the file is the caller's
		"--hide-scrollbars", "--no-proxy-server", "--user-data-dir="+profile, "--window-size=1240,920", "--screenshot="+file, url)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("-screenshot: %w: %s", err, text)
	}
	if _, err := os.Stat(file); err != nil {
		return errors.Join(errors.New("-screenshot: chromium took no picture"), err)
	}
	return nil
}
