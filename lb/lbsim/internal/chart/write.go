package chart

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kitgen/kitgen/lb/lbsim/internal/report"
)

// Check says whether pictures can be written to a folder, before minutes are
// spent on what is to be drawn.
func Check(folder string) error {
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("%s is not a folder: make it, or name another", folder)
	}
	return nil
}

// Write draws what was played into sim-latency.svg, sim-outage.svg,
// sim-blackhole.svg and sim-hedging.svg, and returns the files it has written: those pictures whose
// scenarios were not played are left as they are.
func Write(folder string, s *report.Summary) (files []string, err error) {
	for _, p := range []struct{ name, svg string }{
		{"sim-latency.svg", latency(s)},
		{"sim-outage.svg", outage(s)},
		{"sim-blackhole.svg", blackHole(s)},
		{"sim-hedging.svg", hedging(s)},
	} {
		if p.svg == "" {
			continue
		}
		file := filepath.Join(folder, p.name)
		if err := os.WriteFile(file, []byte(p.svg), 0o644); err != nil { //nolint:gosec // everybody may read a picture
			return files, fmt.Errorf("write a picture: %w", err)
		}
		files = append(files, file)
	}
	if len(files) == 0 {
		return nil, errors.New("there is nothing to draw: play one of the latency scenarios, S7, S15 or H1")
	}
	return files, nil
}
