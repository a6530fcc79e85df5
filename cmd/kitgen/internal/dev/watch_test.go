package dev

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWatchTellsOnceOfWhatWasSaved(t *testing.T) {
	dir := t.TempDir()
	save(t, dir, "a.go", "package a")
	save(t, dir, "gone.go", "package a")
	save(t, dir, "a_test.go", "package a")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		told := make(chan []string, 10)
		see := func() files { return look([]string{dir}, sources{}) }
		go watch(ctx, see, see(), func(changed []string) { told <- changed })

		time.Sleep(time.Minute)
		synctest.Wait()
		if len(told) > 0 {
			t.Errorf("nothing changed, and it told of %v", <-told)
		}

		save(t, dir, "a.go", "package a // longer")
		save(t, dir, "sub/new.go", "package sub")
		save(t, dir, "a_test.go", "package a // longer")
		save(t, dir, ".kitgen/dev/x.go", "package x")
		save(t, dir, "notes.txt", "x")
		if err := os.Remove(filepath.Join(dir, "gone.go")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []string{filepath.Join(dir, "a.go"), filepath.Join(dir, "gone.go"), filepath.Join(dir, "sub/new.go")}
		if diff := cmp.Diff(want, <-told); diff != "" {
			t.Error(diff)
		}
		if len(told) > 0 {
			t.Errorf("it told again, of %v", <-told)
		}
	})
}

func save(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestABusyMachineIsLookedAtAsOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		looks := 0
		see := func() files {
			if looks++; looks != 2 {
				time.Sleep(time.Second) // others have the processor
			}
			return files{"a.go": {size: int64(min(looks, 4))}}
		}
		told := make(chan []string, 1)
		go watch(ctx, see, files{}, func(changed []string) { told <- changed })
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(told) != 1 || looks < 20 {
			t.Errorf("a minute had %d looks, and told %d times", looks, len(told))
		}
	})
}

func TestASourceThatGrowsIsLookedAtLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		looks := 0
		see := func() files {
			looks++
			seen := files{}
			for n := range 1 + 999*min(looks-1, 1) {
				time.Sleep(time.Millisecond)
				seen[strconv.Itoa(n)] = stamp{}
			}
			return seen
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			watch(ctx, see, files{}, func([]string) {})
		}()
		time.Sleep(10 * time.Minute)
		cancel()
		<-done
		if want := 2 + 600/lookShare; looks > want {
			t.Errorf("ten minutes had %d looks of a second each, want no more than %d", looks, want)
		}
	})
}
