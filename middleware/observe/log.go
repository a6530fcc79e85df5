package observe

import (
	"context"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/kitgen/kitgen/middleware/classify"
)

// Log returns an observer that writes calls to a log when they have ended:
// failures, calls that were turned down since there are too many, and slow calls
// at Warn; successes, and calls whose caller went away, at Info. A service that
// fails must not drown its log, so what is told of many is a sample. It is
// counted, and not drawn by lot: the same calls give the same lines.
//
// A cfg that Validate rejects is a mistake in the program, and Log panics with
// Validate's error.
func Log(cfg LogConfig) Observer {
	if err := cfg.Validate(); err != nil {
		panic(err)
	}
	return &logger{cfg: cfg.withDefaults(), base: time.Now(), samples: newSamples()}
}

type logger struct {
	cfg     LogConfig
	base    time.Time
	samples *samples
}

func (l *logger) Start(ctx context.Context, _ *Call) context.Context { return ctx }

func (l *logger) End(ctx context.Context, c *Call, r Result) {
	slow := l.cfg.Slow > 0 && r.Took > l.cfg.Slow
	switch failed := r.Outcome.Failed() || r.Outcome == classify.Throttled; {
	case failed || slow:
		if !l.cfg.Logger.Enabled(ctx, slog.LevelWarn) {
			return
		}
		s := l.samples.of(c)
		if ok, left := s.failure(time.Since(l.base), l.cfg.Failures, l.cfg.Sample); ok {
			l.tell(ctx, slog.LevelWarn, message(failed), c, r, left)
		}
	case l.cfg.Successes == 0 || !l.cfg.Logger.Enabled(ctx, slog.LevelInfo):
	case l.samples.of(c).success(l.cfg.Successes):
		l.tell(ctx, slog.LevelInfo, "call", c, r, 0)
	}
}

func message(failed bool) string {
	if failed {
		return "call failed"
	}
	return "call was slow"
}

func (l *logger) tell(ctx context.Context, level slog.Level, message string, c *Call, r Result, left uint64) {
	attrs := make([]slog.Attr, 0, 15)
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	text("side", c.Side.String())
	text("service", c.Service)
	text("method", c.Method)
	text("instance", c.Instance)
	if c.Side == Attempt {
		attrs = append(attrs, slog.Int("attempt", c.Attempt))
	}
	text("breaker", c.Breaker)
	attrs = append(attrs, slog.String("outcome", r.Outcome.String()), slog.Duration("took", r.Took))
	if r.Open > 0 {
		attrs = append(attrs, slog.Duration("open", r.Open))
	}
	if r.Open > 0 || r.Sent+r.Received > 0 {
		attrs = append(attrs, slog.Int("sent", r.Sent), slog.Int("received", r.Received))
	}
	if err := r.Cause(); err != nil {
		text("err", cut(err.Error(), l.cfg.MaxErr))
	}
	text("trace_id", l.cfg.TraceID(ctx))
	if left > 0 {
		attrs = append(attrs, slog.Uint64("left_out", left))
	}
	l.cfg.Logger.LogAttrs(ctx, level, message, attrs...)
}

// cut returns s, cut at a character near limit.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
