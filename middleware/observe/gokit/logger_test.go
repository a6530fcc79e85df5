package gokit_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"github.com/kitgen/kitgen/middleware/observe/gokit"
)

// text returns a slog logger that writes without times, and what it has written
// since asked last.
func text() (*slog.Logger, func() string) {
	var out bytes.Buffer
	h := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && a.Value.Time().Year() > 2000 {
			return slog.Attr{}
		}
		return a
	}})
	return slog.New(h), func() string {
		defer out.Reset()
		return strings.TrimSpace(out.String())
	}
}

type celsius int

func TestLoggerPairs(t *testing.T) {
	logger, written := text()
	kit := gokit.NewLogger(logger)
	n := 0
	counted := log.Valuer(func() any { n++; return n })
	for _, tt := range []struct {
		keyvals []any
		want    string
	}{
		{nil, `level=INFO msg=""`},
		{[]any{"msg", "hello", "a", 1}, `level=INFO msg=hello a=1`},
		{[]any{level.Key(), level.ErrorValue(), "err", errDown}, `level=ERROR msg="" err=down`},
		{[]any{"level", "debug", "msg", "by name"}, `level=DEBUG msg="by name"`},
		{[]any{"level", "loud", "msg", "no level"}, `level=INFO msg="no level" level=loud`},
		{[]any{"level", level.WarnValue(), "level", level.DebugValue()}, `level=WARN msg=""`},
		{[]any{"msg", "first", "msg", "second"}, `level=INFO msg=first msg=second`},
		{[]any{"msg", errDown}, `level=INFO msg="" msg=down`},
		{[]any{"ts", time.Unix(0, 0).UTC()}, `time=1970-01-01T00:00:00.000Z level=INFO msg=""`},
		{[]any{"ts", "now"}, `level=INFO msg="" ts=now`},
		{[]any{"a"}, `level=INFO msg="" a=(MISSING)`},
		{[]any{celsius(3), nil, []int{1}, "x"}, `level=INFO msg="" 3=<nil> [1]=x`},
		{[]any{"n", counted}, `level=INFO msg="" n=1`},
	} {
		if err := kit.Log(tt.keyvals...); err != nil {
			t.Error(err)
		}
		if got := written(); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.keyvals, got, tt.want)
		}
	}
}

// TestGoKitsOwnHelpers: With, WithPrefix and level work as over any logger.
func TestGoKitsOwnHelpers(t *testing.T) {
	logger, written := text()
	kit := log.With(gokit.NewLogger(logger), "service", "addsvc", "ts", log.TimestampFormat(time.Now, time.Kitchen))
	level.Warn(level.Debug(kit)).Log("msg", "hello")
	got := written()
	if !strings.HasPrefix(got, "level=WARN msg=hello service=addsvc ts=") {
		t.Error(got)
	}
}

func TestLoggerAsksTheHandlersLevelFirst(t *testing.T) {
	var out bytes.Buffer
	kit := gokit.NewLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
	asked := log.Valuer(func() any { t.Error("evaluated"); return nil })
	if err := kit.Log("a", asked); err != nil || out.Len() > 0 {
		t.Errorf("%v %s", err, &out)
	}
}

func TestLoggerPassesTheHandlersError(t *testing.T) {
	kit := gokit.NewLogger(slog.New(gokit.NewHandler(&kept{}, nil)))
	if err := kit.Log("msg", "hello"); err != errDown {
		t.Errorf("%v", err)
	}
}

// TestThereAndBack: through both bridges, nothing changes.
func TestThereAndBack(t *testing.T) {
	logger, written := text()
	back := slog.New(gokit.NewHandler(gokit.NewLogger(logger), nil))
	for _, say := range []func(*slog.Logger){
		func(l *slog.Logger) { l.Warn("hello", "a", 1) },
		func(l *slog.Logger) { l.Debug("hello", "took", time.Second, "err", errDown) },
	} {
		say(logger)
		want := written()
		say(back)
		if got := written(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestDefaultLogger(t *testing.T) { // not parallel: it is the process's
	defer slog.SetDefault(slog.Default())
	logger, written := text()
	slog.SetDefault(logger)
	gokit.NewLogger(nil).Log("msg", "hello")
	if got := written(); got != "level=INFO msg=hello" {
		t.Error(got)
	}
}
