package gokit

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

// NewLogger returns a go-kit logger that writes to a slog.Logger, or to
// slog.Default, as it is when NewLogger is called, if that is nil:
//
//	lb.NewPool(instances, factory, lb.PoolConfig{Logger: gokit.NewLogger(logger)})
//
// The level is the first of go-kit's package level, or its name under the same
// key, and Info without one. The message is the string under msg; the time is the one under ts, if it
// is a time.Time, else now. All other pairs are attributes: a key that is no
// string as fmt prints it, a last key without a value with log.ErrMissingValue.
// The logger is as safe for concurrent use as slog's handler is.
func NewLogger(logger *slog.Logger) log.Logger {
	if logger == nil {
		logger = slog.Default()
	}
	return kitLogger{logger.Handler()}
}

type kitLogger struct{ to slog.Handler }

// Log implements log.Logger.
func (l kitLogger) Log(keyvals ...any) error {
	ctx, at := context.Background(), levelOf(keyvals)
	if !l.to.Enabled(ctx, at) {
		return nil
	}
	r := slog.NewRecord(time.Now(), at, "", 0)
	for i := 0; i < len(keyvals); i += 2 {
		add(&r, keyvals[i], valueAt(keyvals, i+1))
	}
	return l.to.Handle(ctx, r)
}

// add puts one pair where it belongs.
func add(r *slog.Record, key, value any) {
	name, ok := key.(string)
	if !ok {
		name = fmt.Sprint(key)
	}
	switch v := value.(type) {
	case string:
		if name == "msg" && r.Message == "" {
			r.Message = v
			return
		}
	case time.Time:
		if name == "ts" {
			r.Time = v
			return
		}
	}
	if _, ok := toSlog(value); ok && key == level.Key() {
		return // levelOf has read it
	}
	r.AddAttrs(slog.Any(name, value))
}

func valueAt(keyvals []any, i int) any {
	if i >= len(keyvals) {
		return log.ErrMissingValue
	}
	if v, ok := keyvals[i].(log.Valuer); ok { // log.With evaluates those it binds
		return v()
	}
	return keyvals[i]
}

// levelOf returns the level that keyvals have, the first one if there are more,
// as go-kit's filter has it: level.Info puts it there.
func levelOf(keyvals []any) slog.Level {
	for i := 0; i+1 < len(keyvals); i += 2 {
		if keyvals[i] != level.Key() {
			continue
		}
		if l, ok := toSlog(keyvals[i+1]); ok {
			return l
		}
	}
	return slog.LevelInfo
}

// toSlog returns the level that a value of go-kit's key level means.
func toSlog(value any) (slog.Level, bool) {
	name, ok := value.(string)
	if v, isLevel := value.(level.Value); isLevel {
		name, ok = v.String(), true
	}
	if !ok {
		return 0, false
	}
	switch name {
	case "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	default:
		return 0, false
	}
}
