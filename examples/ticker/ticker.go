// Package ticker tells prices as they change, and is told of them: methods that
// stream. What is written by hand is this file, service.go and the tests.
package ticker

import (
	"context"
	"errors"
	"iter"
	"time"
)

// ErrNoPrice is a symbol that was never traded.
//
//kit:error never_traded 404
var ErrNoPrice = errors.New("that was never traded")

// ErrSlow is for those who listen more slowly than prices change.
//
//kit:error too_slow 429
var ErrSlow = errors.New("prices change faster than they were read")

// Trade is a price that somebody paid.
type Trade struct {
	Symbol string    `json:"symbol"`
	Cents  int64     `json:"cents"`
	At     time.Time `json:"at"`
}

// Service knows what was paid for what.
type Service interface {
	// Last is the latest trade of a symbol.
	//
	//kit:http GET /prices/{symbol}
	//kit:idempotent
	Last(ctx context.Context, symbol string) (trade Trade, err error)

	// Watch tells the latest trade of each symbol, and then every trade as it is
	// reported, until the caller leaves. No symbols are all of them.
	//
	//kit:http GET /trades
	//kit:idempotent
	Watch(ctx context.Context, symbols ...string) (trades iter.Seq2[Trade, error], err error)

	// Report adds trades as they come, and answers how many came.
	//
	//kit:http POST /trades
	Report(ctx context.Context, trades iter.Seq[Trade]) (count int, err error)
}
