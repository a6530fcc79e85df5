package kitdebug

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/middleware/breaker"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
)

// kind is a metric. A client's has the label service, by which it can be joined
// with those of calls.
type kind struct {
	name, help string
	counter    bool
	labels     []string
}

func kinds() []kind {
	gauge := func(name, help string, labels ...string) kind { return kind{name, help, false, labels} }
	counter := func(name, help string, labels ...string) kind { return kind{name, help, true, labels} }
	return []kind{
		gauge("kit_ready", "1 while this process wants calls."),
		gauge("kit_stopping", "1 since the process has begun to stop."),
		gauge("kit_registration", "1 for the state of this process in its registry.", "state"),
		counter("kit_server_begun_calls_total", "How many calls a server has begun.", "server"),
		gauge("kit_sd_source", "1 for the state of the source of a service's instances.", "service", "state"),
		gauge("kit_sd_source_age_seconds", "Since when the registry has not vouched for the instances; 0 while it does.", "service"),
		gauge("kit_sd_instances", "How many instances are known.", "service"),
		gauge("kit_sd_draining_instances", "How many of the known instances are about to leave.", "service"),
		gauge("kit_sd_held_instances", "How many of the known instances are there only because a sudden loss is not believed yet.", "service"),
		gauge("kit_sd_quarantined_entries", "How many entries of the registry cannot be used.", "service"),
		counter("kit_sd_refused_entries_total", "How many entries of the registry could not be used, each counted once for every time it changed.", "service"),
		counter("kit_sd_watch_breaks_total", "How often the watch of the registry has broken.", "service"),
		counter("kit_sd_publishes_total", "How often the instances, or what is known of them, have changed.", "service"),
		counter("kit_sd_unreachable_instances_total", "How many instances were dropped because they refused their callers.", "service"),
		gauge("kit_lb_instances", "How many instances of the pool are in a state.", "service", "state"),
		gauge("kit_lb_in_flight", "How many calls, and streams, to the instances of the pool have not ended.", "service"),
		gauge("kit_lb_panicking", "1 while so few instances are usable that all are called.", "service"),
		gauge("kit_breaker_circuits", "How many circuits of the pool's instances are in a state.", "service", "state"),
		gauge("kit_breaker_service_circuit", "1 for the state of the circuit of the whole service.", "service", "state"),
		gauge("kit_retry_budget_calls", "How many calls the budget for retries is a share of.", "service"),
		gauge("kit_retry_budget_retries", "How many further attempts these calls had.", "service"),
		gauge("kit_retry_budget_allowed", "How many further attempts they may have.", "service"),
		gauge("kit_throttle_rejection_ratio", "The chance of the next call to be turned away by the client's own throttle.", "service"),
		gauge("kit_bulkhead_in_flight", "How many calls are in the bulkhead.", "service"),
		gauge("kit_bulkhead_waiting", "How many calls wait for the bulkhead.", "service"),
	}
}

// Kinds yields every metric that Read may yield a value of: its name and its help
// as Prometheus wants them, whether it only ever grows, and the names of its
// labels. Package kitprom makes a collector of the two, and kitotel instruments.
func (p *Page) Kinds(yield func(name, help string, counter bool, labels ...string)) {
	for _, k := range kinds() {
		yield(k.name, k.help, k.counter, k.labels...)
	}
}

// Read yields what the metrics are now, each with a value for each of its labels.
// What a process does not have is left out. There are as many as the process has
// clients and servers, times the few states of a thing, and never one for each
// instance. It costs what it takes to ask the parts: some milliseconds for a
// thousand instances, and no call waits for it.
func (p *Page) Read(yield func(name string, value float64, labels ...string)) {
	r := reading(yield)
	if p.cfg.Ready != nil {
		r.ask(func() { r("kit_ready", one(check(p.cfg.Ready) == nil)) })
	}
	if p.cfg.Registrar != nil {
		r.ask(func() {
			state, _ := p.cfg.Registrar.State()
			r.state("kit_registration", state.String(), []string{"registered", "unregistered", "lost"})
		})
	}
	if t := p.cfg.Timeline; t != nil {
		r("kit_stopping", one(slices.ContainsFunc(t.Steps(), func(s transport.Step) bool { return s.Name == stopping })))
	}
	calls := make(map[string]uint64) // two servers may have one name
	for _, s := range p.cfg.Servers {
		if s.Calls != nil {
			r.ask(func() { calls[label(s.Name)] += s.Calls() })
		}
	}
	for name, n := range calls {
		r("kit_server_begun_calls_total", float64(n), name)
	}
	for _, c := range p.cfg.Clients {
		r.client(c)
	}
}

// reading is where the values go.
type reading func(name string, value float64, labels ...string)

// ask leaves out what a part that panics did not say.
func (r reading) ask(f func()) {
	defer func() { _ = recover() }() // the page says which part it is
	f()
}

// state is a value for each state that a thing could be in, of which it is in one.
func (r reading) state(name, state string, all []string, labels ...string) {
	for _, s := range all {
		r(name, one(s == state), append(slices.Clip(labels), s)...)
	}
}

func (r reading) client(c Client) {
	service := label(c.Name)
	if k, ok := c.Instances.(interface{ Stats() sd.Stats }); ok {
		r.ask(func() { r.source(service, k.Stats()) })
	}
	if c.Pool != nil {
		r.ask(func() { r.pool(service, c.Pool.Nodes()) })
	}
	if k, ok := c.Pool.(interface{ Panicking() bool }); ok {
		r.ask(func() { r("kit_lb_panicking", one(k.Panicking()), service) })
	}
	if c.Stack != nil {
		r.ask(func() { r.stack(service, c.Stack.Stats()) })
	}
}

func (r reading) source(service string, s sd.Stats) {
	r.state("kit_sd_source", s.Source.String(), []string{"starting", "fresh", "stale", "restored"}, service)
	r("kit_sd_source_age_seconds", s.Age.Seconds(), service)
	r("kit_sd_instances", float64(s.Instances), service)
	r("kit_sd_draining_instances", float64(s.Draining), service)
	r("kit_sd_held_instances", float64(s.Held), service)
	r("kit_sd_quarantined_entries", float64(s.Quarantined), service)
	r("kit_sd_refused_entries_total", float64(s.Refused), service)
	r("kit_sd_watch_breaks_total", float64(s.Breaks), service)
	r("kit_sd_publishes_total", float64(s.Publishes), service)
	r("kit_sd_unreachable_instances_total", float64(s.Unreachable), service)
}

func (r reading) pool(service string, nodes []lb.NodeStats) {
	in, inFlight := make(map[string]int), 0
	for i := range nodes {
		in[stateOf(&nodes[i])]++
		inFlight += nodes[i].InFlight
	}
	for _, state := range states() {
		r("kit_lb_instances", float64(in[state]), service, state)
	}
	r("kit_lb_in_flight", float64(inFlight), service)
}

func (r reading) stack(service string, s middleware.ClientStats) {
	circuits := []string{breaker.Closed.String(), breaker.Open.String(), breaker.HalfOpen.String()}
	in := make(map[string]int)
	for i := range s.Circuits {
		in[s.Circuits[i].State.String()]++
	}
	for _, state := range circuits {
		r("kit_breaker_circuits", float64(in[state]), service, state)
	}
	if s.Service.Instance != "" {
		r.state("kit_breaker_service_circuit", s.Service.State.String(), circuits, service)
	}
	r("kit_retry_budget_calls", float64(s.Budget.Calls), service)
	r("kit_retry_budget_retries", float64(s.Budget.Retries), service)
	r("kit_retry_budget_allowed", allowed(s.Budget.Allowed), service)
	r("kit_throttle_rejection_ratio", s.Throttle.Chance, service)
	r("kit_bulkhead_in_flight", float64(s.Bulkhead.InFlight), service)
	r("kit_bulkhead_waiting", float64(s.Bulkhead.Waiting), service)
}

func one(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// label is a value that Prometheus takes.
func label(s string) string { return cmp.Or(strings.ToValidUTF8(s, "\uFFFD"), "unknown") }

// allowed is a budget's bound, which may be none.
func allowed(n int) float64 {
	if n == math.MaxInt {
		return math.Inf(1)
	}
	return float64(n)
}
