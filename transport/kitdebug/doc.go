// Package kitdebug shows what all parts of a process are doing: a page for
// whoever is on call, the same as JSON for scripts, and figures for metrics.
//
//	page, err := kitdebug.New(kitdebug.Config{
//		Clients:   []kitdebug.Client{{Name: "addsvc", Instances: instances, Pool: pool, Stack: stack}},
//		Ready:     ready,     // these three are also given
//		Registrar: registrar, // to transport.Serve
//		Timeline:  timeline,
//	})
//	l, err := kitdebug.Listen("debug-addr", "127.0.0.1:6060", false)
//	servers = append(servers, kitdebug.Server(l, page)) // for transport.Serve
//	err = registry.Register(kitprom.Figures(page))      // for Prometheus
//
// The page is at /debug/kit, the JSON at /debug/kit.json. A Page can be mounted
// on any other server as well. Unless Config.Public says otherwise, it answers
// callers on its own machine alone, and everybody else with 403 and the reason.
//
// # The JSON
//
// It has "schema": 1. What is below keeps its name and meaning under that number;
// more may come. Times are RFC 3339, durations are seconds, shares are from 0 to
// 1, and what is not there is left out.
//
//	at, troubles              when; what is wrong, in sentences, empty if nothing is
//	process                   name, version, revision, kitgen, go, platform, host, pid,
//	                          since, goroutines, processors
//	ready                     ready, why
//	registration              id, addr, state (unregistered, registered, lost), error
//	lifecycle                 stopping, steps: name, server, at, since_seconds,
//	                          took_seconds, running, why, error (transport.Step)
//	servers[]                 name, addr, calls
//	stack                     what surrounds the calls served, drawn
//	failed[]                  part, error: a part that panicked when it was asked
//	clients[]                 name, target, known, shown, stack (drawn), and
//	  source                  state (starting, fresh, stale, restored), error,
//	                          age_seconds, instances, removed, held
//	  pool                    panicking, in_flight, states (how many in each)
//	  instances[]             id, addr, weight, zone, version, tags, started, state,
//	                          trouble, and what each part says:
//	    listed                in, state, why, since_seconds (sd.Fate)
//	    node                  connected, error, ready, leaving, in_flight, calls,
//	                          failures, latency_seconds, success, cost,
//	                          ejected_seconds, ejected_for, slow_start (lb.NodeStats)
//	    breaker               state, since_seconds, until_seconds, opens, successes,
//	                          failures, slow (breaker.Status)
//	  policies                circuits (how many in each state), service_breaker, and
//	    budget                calls, retries, allowed (null: no bound)
//	    throttle, bulkhead    requests, accepts, overloads, chance; in_flight, waiting
//	  picks[]                 the latest first: at_seconds (after the pool was made),
//	                          balancer, chosen, step, of, key, error, more, and
//	    candidates[]          id, cost, in_flight, latency_seconds, success, excluded
//
// An instance's state is the first of these that is true: unreachable, connecting,
// draining, critical, leaving (it said so itself), ejected, guarded (its circuit is
// open), warming (slow start), ready; of one that is not listed it is out. Those in
// trouble come first, and no more than Config.Rows without ?all=1; known is how
// many there are. The cost is what the balancer last made of the instance in one
// of the picks that the pool remembers (lb.PoolConfig.Explain).
//
// # What it takes care of
//
// The page is HTML without a script and with a policy that would run none, since
// whoever can register an instance chooses the text of IDs, tags and errors. What
// is not printable is replaced, and so are passwords and tokens. A part that
// panics when it is asked takes nothing else with it.
//
// To show something else, put it beside the page by Config.Also. The package
// deliberately keeps no history, which is for metrics, and changes nothing: there
// is no button that ejects or drains an instance.
package kitdebug
