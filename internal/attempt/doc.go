// Package attempt is what a retry policy and a balancer tell each other about
// one logical call: how many attempts there were, and which instances they
// went to. It travels in the context, because go-kit's Balancer takes none.
package attempt
