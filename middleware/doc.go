// Package middleware is the parent of the policies that surround a call, one
// package each with one constructor each, all of them go-kit's
// endpoint.Middleware. It holds no code: it is where their order is drawn.
//
//	caller
//	  │  deadline of the whole call (the caller's context)
//	  ▼
//	retry      once per call: attempts, backoff, who was tried   retry.New
//	  │  attempt timeout (retry's context)
//	  ▼
//	pick       once per attempt: skips tried, draining, open     lb.Endpoint
//	  │
//	  ▼
//	limiter    once per attempt and instance                     go-kit's ratelimit
//	  ▼
//	breaker    once per attempt and instance                     breaker.Each
//	  ▼
//	transport  kithttp, kitgrpc
//
// Why so:
//
//   - retry is outside the pick, so that another attempt goes to another
//     instance.
//   - The breaker is inside the retry and judges every attempt by itself, on
//     its instance. Around the retry it would see one success where two
//     instances failed.
//   - The breaker is a part of the instance (lb.PoolConfig.Guard), so that the
//     pick can ask it first: an instance whose breaker is open is not picked,
//     and if it is called all the same, the rejection costs no retry.
//   - The limiter is outside the breaker: a call that was held back here says
//     nothing about the instance, and must not open its breaker.
//   - classify.Default is the one opinion on what an error means, and retry,
//     breaker and balancer share it. Who replaces it replaces it in all three.
package middleware
