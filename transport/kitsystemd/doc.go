// Package kitsystemd lets a service be a systemd unit: it takes sockets that
// systemd has bound, tells when it is ready and when it leaves, and is killed if
// it hangs. Where systemd did not start the process it does nothing, so that the
// same program runs anywhere.
//
//	l, err := kitsystemd.Listen("http", "http-addr", *httpAddr)      instead of transport.Listen
//	Servers: []transport.Server{…, kitsystemd.Server(kitsystemd.Config{})}
//
// With Type=notify, a unit is up when transport.Serve lets callers in and not
// before, and units that are ordered after it wait for that. With WatchdogSec,
// it is restarted if transport.Ready says no for so long, or does not answer.
//
// The package deliberately installs no unit, reads no journal and knows nothing
// of D-Bus.
package kitsystemd
