package gokit

import (
	"context"
	"log/slog"
	"slices"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// NewHandler returns a slog.Handler that writes to a go-kit logger:
//
//	slog.New(gokit.NewHandler(logger, nil))
//
// A record becomes ts, level, msg, and its attributes. The level is one of
// go-kit's package level, so its filter works as always. A group's name stands
// before the names of what is in it, with a dot between. Values come as they
// are. The logger needs no timestamp of its own.
//
// Records below least are dropped; none if it is nil: go-kit's filter decides.
// A nil logger drops all. The handler is as safe for concurrent use as the
// logger is, which log.NewSyncWriter sees to.
func NewHandler(logger log.Logger, least slog.Leveler) slog.Handler {
	if logger == nil {
		logger = log.NewNopLogger()
	}
	return &handler{logger: logger, least: least}
}

type handler struct {
	logger log.Logger
	least  slog.Leveler
	prefix string // of open groups, each with its dot
	bound  []any  // by WithAttrs, as keyvals; never changed
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, l slog.Level) bool {
	return h.least == nil || l >= h.least.Level()
}

// Handle implements slog.Handler.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	keyvals := make([]any, 0, 6+len(h.bound)+2*r.NumAttrs())
	if !r.Time.IsZero() {
		keyvals = append(keyvals, "ts", r.Time)
	}
	keyvals = append(keyvals, level.Key(), toKit(r.Level), "msg", r.Message)
	keyvals = append(keyvals, h.bound...)
	r.Attrs(func(a slog.Attr) bool {
		keyvals = flatten(keyvals, h.prefix, a)
		return true
	})
	return h.logger.Log(keyvals...)
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.bound = slices.Clip(h.bound) // whoever appends next copies
	for _, a := range attrs {
		with.bound = flatten(with.bound, h.prefix, a)
	}
	return &with
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.prefix += name + "."
	return &with
}

// flatten appends what is in a to keyvals.
func flatten(keyvals []any, prefix string, a slog.Attr) []any {
	a.Value = a.Value.Resolve()
	switch {
	case a.Equal(slog.Attr{}): // to be ignored, says slog
		return keyvals
	case a.Value.Kind() != slog.KindGroup:
		return append(keyvals, prefix+a.Key, a.Value.Any())
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, inner := range a.Value.Group() {
		keyvals = flatten(keyvals, prefix, inner)
	}
	return keyvals
}

func toKit(l slog.Level) level.Value {
	switch {
	case l < slog.LevelInfo:
		return level.DebugValue()
	case l < slog.LevelWarn:
		return level.InfoValue()
	case l < slog.LevelError:
		return level.WarnValue()
	default:
		return level.ErrorValue()
	}
}
