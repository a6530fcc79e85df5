// Package recovery turns a panic into an error, so that one call that goes
// wrong costs that call and not the process.
//
//	observe          sees the *Panic as the error of the call, and counts it
//	  ▼
//	recovery         recovery.New(recovery.Config{Logger: logger})
//	  ▼
//	timeout ... service
//
// It stands on the server, right inside of what observes the call: a panic of a
// policy further in is caught as well, and whoever watches sees an ordinary
// error. The transports of this module catch what is left, so that a service
// without it answers all the same; with it, the panic is an error before any
// policy has to deal with it, and goes to a log or a callback of its own.
//
// The caller is told that there was a panic and nothing more: its text may hold
// anything, from a password to another user's name. The value and the stack go
// to the log.
//
// Two things are passed on. http.ErrAbortHandler is no accident but net/http's
// way to hang up. And runtime.Goexit cannot be stopped: it is logged, as it
// takes the caller's goroutine, and the call's answer, with it.
//
// It deliberately does not catch what it cannot: panics on goroutines that the
// endpoint started, and the runtime's fatal errors, such as a map that two
// goroutines write. To do something else with a panic (count it, tell a service
// that collects them), set OnPanic.
package recovery
