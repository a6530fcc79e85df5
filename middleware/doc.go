// Package middleware puts the policies around a call in their order. Each policy is
// a package below, with one constructor, and all of them are go-kit's
// endpoint.Middleware: they can be used one by one, or assembled here from one
// config, which is checked for contradictions first.
//
//	client                                     server
//
//	observe     the whole call                 observe     the whole call
//	timeout     of all its attempts            recovery    a panic harms one call
//	fallback    a second best answer           timeout     the caller's, as the wire told it
//	cache       a recent answer                shed        too busy: the least important first
//	coalesce    alike calls are one            auth        who calls
//	throttle    spares a busy service          ratelimit   how often
//	bulkhead    calls under way                limit       how many at a time
//	breaker     of the service: rarely         service
//	retry       attempts, hedges, budget
//	pick        lb.Endpoint
//	  of each instance:
//	  limit     how many at a time
//	  breaker   keeps calls away
//	  observe   the attempt
//	  transport
//
// Why so, at the client:
//
//   - What the caller waits for is measured and bounded outermost. A fallback
//     answers for whatever went wrong further in, a rejection too.
//   - Throttle and bulkhead count calls, not attempts: inside the retry, one call
//     that is tried three times would look like three, and fill the queue it waits
//     in.
//   - The retry is outside the pick, so another attempt goes to another instance,
//     and outside the breaker, so each attempt is judged by itself. Around the
//     retry, a breaker would see one success where two instances failed.
//   - Limit and breaker are part of the instance (lb.PoolConfig.Guard). The pick asks
//     the breaker first: a broken instance is not picked while there are others. The
//     limit turns calls down by itself, and lb.Endpoint goes on to the next instance:
//     a pick that finds nobody ready goes past the guard, and where all have as many
//     calls as they take, the limit must hold.
//   - The limit is outside the breaker: a call that is held back here says nothing
//     about the instance.
//   - An attempt's timeout is inside all of this, and shorter than what the breaker
//     looks back on, or calls that hang would be forgotten before they fail.
//
// And at the server: what turns calls down stands before what costs, so that
// turning down stays cheap; but who calls is known before how often, so that a rate
// can be everybody's own. The limit is innermost, since it judges by latency: it
// must see the service's, not that of quick rejections.
//
// What an interface says of its methods (generated code has it as Methods) comes
// into a config by For, and the config's own entries override it.
//
// classify.Default is the one opinion on what an error means. Who replaces it
// (ClientConfig.Classify) replaces it for all policies.
package middleware
