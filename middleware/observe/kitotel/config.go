package kitotel

import (
	"cmp"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// Config says where spans and measurements go. The zero value sends them where
// the process does by default.
type Config struct {
	TracerProvider trace.TracerProvider // otel.GetTracerProvider, as it is when New is called, if nil; package otel's trace/noop has one that traces nothing
	MeterProvider  metric.MeterProvider // otel.GetMeterProvider in the same way if nil; so does metric/noop

	// System is rpc.system.name: "go-kit" if empty. With "http", attempts also
	// say which resending of an HTTP request they are.
	System string

	// Methods is how many methods of all services have a name of their own on
	// each side; 1000 if zero. Those that come later are _OTHER of their service,
	// but for the attribute rpc.method_original of their spans.
	Methods int
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	if c.Methods < 0 {
		return fmt.Errorf("kitotel: Config.Methods is %d: want at least 1, or 0 for 1000", c.Methods)
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.TracerProvider == nil {
		c.TracerProvider = otel.GetTracerProvider()
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	c.System = cmp.Or(c.System, "go-kit")
	c.Methods = cmp.Or(c.Methods, 1000)
	return c
}
