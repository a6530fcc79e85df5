package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"

	kitlb "github.com/go-kit/kit/sd/lb"
	"github.com/google/pprof/profile"
)

const (
	contenders = 16 // goroutines that call
	contendFor = 2 * time.Second
)

// contention says how long goroutines that call at once, through all that a
// client has, wait for one another: ours, and go-kit's. Everything that waits is
// recorded, which itself costs: the time per call is not that of the tables.
func contention(file string, span time.Duration, out io.Writer) error {
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return fmt.Errorf("-contention %s: its folder is not there: make it, or name another", file) // before there is something to lose
	}
	fmt.Fprintf(out, "bench: %d goroutines on %d processors call through all that a client has, every wait recorded\n", contenders, runtime.GOMAXPROCS(0))
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	runtime.SetBlockProfileRate(1)
	defer runtime.SetBlockProfileRate(0)
	every, err := everything()
	if err != nil {
		return err
	}
	ours, stop, err := ourClient(every)
	if err != nil {
		return err
	}
	err = contend("kitgen", throughEndpoint(ours), file, span, out)
	err = errors.Join(err, stop())
	set, _, setErr := goKitSet(choosing)
	if setErr != nil {
		return errors.Join(err, setErr)
	}
	defer set.Close()
	return errors.Join(err, contend("gokit", throughEndpoint(goKitClient(kitlb.NewRoundRobin(set))), file, span, out))
}

// contend runs one loop, tells what its goroutines waited for, and writes the
// profiles: file.system.mutex and file.system.block.
func contend(system string, loop func(ops int) error, file string, span time.Duration, out io.Writer) error {
	m := meter{span}
	ns, err := m.speed(loop)
	if err == nil {
		ns, err = meter{span / 10}.measure(loop, contenders, meter{span / 10}.ops(ns)) // as fast as they are together
	}
	if err != nil {
		return fmt.Errorf("%s: %w", system, err)
	}
	each := max(1, m.ops(ns)/contenders)
	waits, err := waitsDuring(func() error {
		took, err := timed(loop, contenders, each)
		ns = float64(took)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", system, err)
	}
	all := ns * contenders
	fmt.Fprintf(out, "\n%s: %.3g million calls in %.1f s, %.0f ns each\n", system, float64(each*contenders)/1e6, ns/1e9, ns/float64(each*contenders))
	for _, p := range []struct {
		what, means string
		of          *profile.Profile
	}{{"mutex", "in wait of mutexes", waits.mutex}, {"block", "in wait of mutexes, channels and others", waits.block}} {
		name := file + "." + system + "." + p.what
		printFrames(out, p.means, name, topFrames(p.of), all)
		if err := writeProfile(name, p.of); err != nil {
			return err
		}
	}
	return nil
}

// waits are what goroutines waited for.
type waits struct {
	mutex, block *profile.Profile
}

// waitsDuring returns what was waited for while f ran.
func waitsDuring(f func() error) (waits, error) {
	before, err := waitsUntilNow()
	if err != nil {
		return waits{}, err
	}
	if err = f(); err != nil {
		return waits{}, err
	}
	after, err := waitsUntilNow()
	if err != nil {
		return waits{}, err
	}
	for _, p := range []struct{ before, after **profile.Profile }{{&before.mutex, &after.mutex}, {&before.block, &after.block}} {
		(*p.before).Scale(-1)
		if *p.after, err = profile.Merge([]*profile.Profile{*p.after, *p.before}); err != nil {
			return waits{}, fmt.Errorf("subtract a profile: %w", err)
		}
	}
	return after, nil
}

func waitsUntilNow() (w waits, err error) {
	if w.mutex, err = readProfile("mutex"); err != nil {
		return w, err
	}
	w.block, err = readProfile("block")
	return w, err
}

func readProfile(name string) (*profile.Profile, error) {
	var buf bytes.Buffer
	if err := pprof.Lookup(name).WriteTo(&buf, 0); err != nil {
		return nil, fmt.Errorf("write the %s profile: %w", name, err)
	}
	p, err := profile.Parse(&buf)
	if err != nil {
		return nil, fmt.Errorf("read the %s profile: %w", name, err)
	}
	return p, nil
}

func writeProfile(name string, p *profile.Profile) error {
	f, err := os.Create(name) //nolint:gosec // named by whoever runs it
	if err != nil {
		return fmt.Errorf("create the profile: %w", err)
	}
	return errors.Join(p.Write(f), f.Close())
}
