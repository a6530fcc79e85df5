// Package latency remembers how long recent calls took, for policies that go by a
// percentile of it: when to send a second attempt, what cannot finish in time.
//
// It is a histogram as HdrHistogram's (Tene): eight buckets to a power of two, so
// that a quantile is no more than a sixteenth off, whatever the scale. It decides
// nothing, starts nothing and asks no clock.
package latency
