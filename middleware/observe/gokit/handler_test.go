package gokit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/middleware/observe/gokit"
)

var errDown = errors.New("down")

// TestHandlerKeepsSlogsRules reads back what go-kit's JSON logger writes, with
// the groups that the dots stand for.
func TestHandlerKeepsSlogsRules(t *testing.T) {
	var out bytes.Buffer
	results := func() (all []map[string]any) {
		for line := range strings.Lines(out.String()) {
			var flat map[string]any
			if err := json.Unmarshal([]byte(line), &flat); err != nil {
				t.Fatal(err)
			}
			all = append(all, nested(flat))
		}
		return all
	}
	if err := slogtest.TestHandler(gokit.NewHandler(log.NewJSONLogger(&out), nil), results); err != nil {
		t.Error(err)
	}
}

func nested(flat map[string]any) map[string]any {
	all := map[string]any{}
	for key, value := range flat {
		at, path := all, strings.Split(key, ".")
		for _, group := range path[:len(path)-1] {
			if at[group] == nil {
				at[group] = map[string]any{}
			}
			at = at[group].(map[string]any)
		}
		at[path[len(path)-1]] = value
	}
	if ts, ok := all["ts"]; ok {
		all[slog.TimeKey] = ts
	}
	return all
}

// kept is a go-kit logger that keeps what it is given.
type kept struct{ all [][]any }

func (k *kept) Log(keyvals ...any) error { k.all = append(k.all, keyvals); return errDown }

func TestHandlerPairs(t *testing.T) {
	k := &kept{}
	h := gokit.NewHandler(k, nil).WithAttrs([]slog.Attr{slog.Int("a", 1)}).WithGroup("g").WithGroup("").
		WithAttrs([]slog.Attr{slog.Group("h", slog.String("b", "x")), slog.Group("empty"), {}})
	r := slog.NewRecord(time.Time{}, slog.LevelWarn, "hello", 0)
	r.AddAttrs(slog.Any("err", errDown), slog.Duration("took", time.Second), slog.Group("", slog.Bool("inline", true)))
	if err := h.Handle(t.Context(), r); err != errDown {
		t.Errorf("the logger's error is lost: %v", err)
	}
	want := []any{"level", level.WarnValue(), "msg", "hello", "a", int64(1), "g.h.b", "x", "g.err", errDown, "g.took", time.Second, "g.inline", true}
	if diff := cmp.Diff(want, k.all[0], cmp.Comparer(func(a, b level.Value) bool { return a == b }), cmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLevelsToKit(t *testing.T) {
	k := &kept{}
	logger := slog.New(gokit.NewHandler(k, nil))
	var want, got []string
	for l, name := range map[slog.Level]string{-8: "debug", slog.LevelDebug: "debug", -1: "debug", slog.LevelInfo: "info", 3: "info", slog.LevelWarn: "warn", slog.LevelError: "error", 12: "error"} {
		logger.Log(t.Context(), l, "x")
		want = append(want, name)
		got = append(got, k.all[len(k.all)-1][3].(level.Value).String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhoFilters(t *testing.T) {
	var out bytes.Buffer
	filtered := level.NewFilter(log.NewLogfmtLogger(&out), level.AllowWarn())
	slog.New(gokit.NewHandler(filtered, nil)).Info("by go-kit's filter")
	slog.New(gokit.NewHandler(log.NewLogfmtLogger(&out), slog.LevelWarn)).Info("by the handler")
	slog.New(gokit.NewHandler(nil, nil)).Error("by nobody to tell")
	if out.Len() > 0 {
		t.Errorf("written: %s", &out)
	}
	slog.New(gokit.NewHandler(filtered, slog.LevelWarn)).Warn("seen")
	if !strings.Contains(out.String(), "level=warn msg=seen") {
		t.Errorf("written: %q", &out)
	}
}

func TestHandlersThatShareTheirStartDoNotMix(t *testing.T) { // also for the race detector
	var mu sync.Mutex
	var out bytes.Buffer
	logger := log.LoggerFunc(func(keyvals ...any) error {
		mu.Lock()
		defer mu.Unlock()
		return log.NewLogfmtLogger(&out).Log(keyvals[2:]...) // without the time
	})
	base := slog.New(gokit.NewHandler(logger, nil)).With("a", 1, "b", 2, "c", 3)
	var wg sync.WaitGroup
	for _, name := range []string{"x", "y", "z"} {
		wg.Go(func() { base.With("who", name).InfoContext(context.Background(), name, "d", 4) })
	}
	wg.Wait()
	for _, name := range []string{"x", "y", "z"} {
		if want := "level=info msg=" + name + " a=1 b=2 c=3 who=" + name + " d=4\n"; !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, &out)
		}
	}
}
