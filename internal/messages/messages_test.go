package messages_test

import (
	"context"
	"testing"

	"github.com/kitgen/kitgen/internal/messages"
)

func TestCounts(t *testing.T) {
	sent := new(messages.Count)
	ctx := context.WithValue(t.Context(), messages.Sent{}, sent)
	messages.Of(ctx, messages.Sent{}).Add()
	messages.Of(ctx, messages.Received{}).Add() // nobody reads it
	if got := sent.Load(); got != 1 {
		t.Errorf("%d were sent, want 1", got)
	}
	if got := messages.Of(ctx, messages.Received{}).Load(); got != 0 {
		t.Errorf("%d were received", got)
	}
}
