// Package streams is about sequences, of each kind there is.
package streams

import (
	"context"
	"errors"
	"iter"
	"time"
)

// ErrTired is of somebody who has counted for too long.
//
//kit:error tired 409
var ErrTired = errors.New("tired of counting")

// Event is something that happened.
type Event struct {
	ID   uint16    `json:"id"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// Service tells what happens, and is told.
type Service interface {
	// Last is the event of that number.
	//
	//kit:http GET /events/{id}
	Last(ctx context.Context, id uint16) (event Event, err error)
	// Watch tells events from that number on, as they happen.
	//
	//kit:http GET /events
	//kit:idempotent
	Watch(ctx context.Context, from uint16) (events iter.Seq2[Event, error], err error)
	// Count counts up to most, or until nobody listens.
	//
	//kit:timeout 500ms
	Count(ctx context.Context, most int) (iter.Seq2[int, error], error)
	// Sum adds values to start.
	Sum(ctx context.Context, start int, values iter.Seq[int8]) (total int, err error)
	// Store keeps events.
	Store(ctx context.Context, events iter.Seq[*Event]) error
	// Echo says what it hears.
	//
	//kit:skip http
	Echo(ctx context.Context, words iter.Seq[string]) (heard iter.Seq2[string, error], err error)
}
