// Package ratelimit bounds how many calls begin in a second: with a token bucket
// of golang.org/x/time/rate for all callers together or one for each, or with a
// limiter of your own.
//
//	all     ratelimit.New(ratelimit.Config{Rate: 1000})
//	each    ratelimit.New(ratelimit.Config{Rate: 10, Key: tenant})
//	own     ratelimit.New(ratelimit.Config{Allower: rate.NewLimiter(10, 5)})
//	fleet   ratelimit.New(ratelimit.Config{Limiter: redis, Key: tenant})
//
// A call beyond the limit is rejected with 429 and, where it is known, when it
// may come again. With MaxWait or a Waiter it waits for its turn instead.
//
// To extend it, implement one of three shapes: Allower and Waiter are those of
// go-kit's package ratelimit, and *rate.Limiter has both; Limiter is for a limit
// that is shared between processes, whose keeper may be out of reach. Then calls
// go through, unless FailClosed: a limiter protects a service, and must not be
// what takes it down.
//
// Of callers with keys, MaxKeys are remembered: at least the half of them that
// called last. Who is forgotten begins with a full bucket. That loses nothing if
// the caller was away for Burst/Rate seconds, as the bucket would be full again;
// it does when there are more callers than MaxKeys in that time. A key costs
// some 220 bytes, and one longer than 128 bytes is kept as its SHA-256. Callers
// who can make up keys can have as many buckets as they like: put a limit for
// all around the one for each.
//
// It starts no goroutine. It deliberately does not measure anything: how much a
// service can take is for a limit of concurrency to find out.
package ratelimit
