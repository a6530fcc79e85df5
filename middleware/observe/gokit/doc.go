// Package gokit joins what a go-kit service has already: its metrics and its
// log.
//
//	observe.Calls ──▶ Metrics     ──▶ go-kit's metrics.Counter and metrics.Histogram
//	*slog.Logger  ──▶ NewHandler  ──▶ go-kit's log.Logger
//	log.Logger    ──▶ NewLogger   ──▶ *slog.Logger
//
// So code that takes a go-kit logger, as all of ours does at its seams, writes
// into a service's slog, and code that takes a slog.Logger into a service's
// go-kit log. Levels are mapped both ways:
//
//	slog below Info   debug     debug   slog.LevelDebug
//	below Warn        info      info    slog.LevelInfo
//	below Error       warn      warn    slog.LevelWarn
//	from Error on     error     error   slog.LevelError
//
// The package deliberately joins no traces: go-kit has none that are alive.
// Metrics of Prometheus are cheaper and finer with kitprom than through go-kit.
package gokit
