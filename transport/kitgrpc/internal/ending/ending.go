// Package ending is how a client's call ended: what gRPC's error does not say, and
// policies go by.
package ending

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport/internal/pushback"
)

// Error is a call that failed. It is for kitgrpc.FromError, which makes an error of
// it that others can read.
type Error struct {
	Status  *status.Status
	Cause   error         // why it ended on this side, such as context.DeadlineExceeded; may be nil
	NotSent bool          // it certainly did not reach the server's code
	Pushed  bool          // the trailer said when to come again
	After   time.Duration // what it said
}

// Error is gRPC's.
func (e *Error) Error() string { return e.Status.Err().Error() }

// Seen is what was seen of a call, beside its error.
type Seen struct {
	Sent     bool        // there was a stream for it: the server may have got it
	Answered bool        // the server sent something
	Trailer  metadata.MD // as it came
}

// Of is err, which ended the call of ctx, as an *Error, if it is a status; nil for
// nil.
func (s Seen) Of(ctx context.Context, err error) error {
	if errors.Is(err, io.EOF) {
		// Of a stream that ended before the request could be written, of which grpc-go
		// returns this instead of the status (grpc-go #7230). Without a request, no
		// server has called anything.
		err, s.Sent = status.Error(codes.Unavailable, "the server ended the call before the request was written"), false
	}
	st, ok := status.FromError(err)
	if !ok || st.Code() == codes.OK {
		return err
	}
	if st.Code() == codes.Canceled && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		// An attempt that may become a stream looks to gRPC, at its end, as if it
		// had been cancelled.
		st = status.FromContextError(context.DeadlineExceeded)
	}
	e := &Error{Status: st, Cause: cause(ctx, st), NotSent: s.notSent(st)}
	e.After, e.Pushed = s.pushback()
	return e
}

// notSent reports whether there never was a stream for the call; or its stream was
// turned away, which is known from grpc-go's own text, where the server sent none.
func (s Seen) notSent(st *status.Status) bool {
	switch st.Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return !s.Sent || !s.Answered && TurnedAway(st)
	}
	return false
}

// TurnedAway reports whether st is, by its text, how grpc-go says that a stream was
// refused, or that the server was already going away. It has made such a call
// again by itself, once.
func TurnedAway(st *status.Status) bool {
	switch st.Message() {
	case "stream terminated by RST_STREAM with error code: REFUSED_STREAM",
		"the stream is rejected because server is draining the connection",
		"the connection is draining":
		return st.Code() == codes.Unavailable
	}
	return false
}

// pushback is what the trailer says about coming again. Who says it more than
// once means never, as for grpc's own retry.
func (s Seen) pushback() (after time.Duration, ok bool) {
	switch text := s.Trailer[pushback.Trailer]; len(text) {
	case 0:
		return 0, false
	case 1:
		return pushback.Parse(text[0]), true
	}
	return pushback.Never, true
}

// cause is ctx's error where that is what st says.
func cause(ctx context.Context, st *status.Status) error {
	err := ctx.Err()
	if d, ok := ctx.Deadline(); ok && err == nil && !time.Now().Before(d) {
		err = context.DeadlineExceeded // the server's timer can be ahead of ours
	}
	if err != nil && status.FromContextError(err).Code() == st.Code() {
		return err
	}
	return nil
}
