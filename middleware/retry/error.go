package retry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/middleware/classify"
)

// What an Error keeps and prints, however many attempts there were.
const (
	maxErrs = 8
	maxText = 256 // bytes of one error's text
)

// Error is why a call was given up after more than one attempt, because its
// context ended, or because another attempt was not allowed (Reason). It unwraps
// to all its causes, the last attempt's first, so that errors.As finds the status
// of the last one. errors.As also turns it into go-kit's lb.RetryError.
type Error struct {
	Attempts int     // how many were made
	Errs     []error // of the attempts, in their order: at most 8, the first and the last ones
	Ended    error   // context.Canceled or DeadlineExceeded (wrapped with its cause) if that ended the call, else nil
	Reason   error   // why there was no further attempt although the call could have had one, such as ErrBudget; nil if it could not

	sent     bool // whether any attempt may have been sent
	rejected int  // how many a policy of this process turned down
}

// Error names the last error first, and what led to it.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gave up after %d attempt", e.Attempts)
	if e.Attempts != 1 {
		b.WriteByte('s')
	}
	if e.Ended != nil {
		b.WriteString(", " + text(e.Ended))
	}
	if e.Reason != nil {
		b.WriteString(", " + text(e.Reason))
	}
	for i, err := range slices.Backward(e.Errs) {
		switch i {
		case len(e.Errs) - 1:
			b.WriteString(": ")
		case len(e.Errs) - 2:
			b.WriteString(" (before: ")
		default:
			b.WriteString("; ")
		}
		b.WriteString(text(err))
	}
	if len(e.Errs) > 1 {
		b.WriteByte(')')
	}
	return b.String()
}

// Unwrap returns the causes, the last attempt's first.
func (e *Error) Unwrap() []error {
	errs := slices.Clone(e.Errs)
	slices.Reverse(errs)
	for _, err := range []error{e.Ended, e.Reason} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// As fills in go-kit's lb.RetryError, for callers who look for that.
func (e *Error) As(target any) bool {
	kit, ok := target.(*kitlb.RetryError)
	if ok {
		*kit = kitlb.RetryError{RawErrors: slices.Clone(e.Errs), Final: e.last()}
	}
	return ok
}

// NotSent reports whether no attempt can have reached an instance.
func (e *Error) NotSent() bool { return !e.sent }

// Rejected reports whether every attempt was turned down by a policy of this
// process, so that no instance is to blame.
func (e *Error) Rejected() bool { return e.rejected > 0 && e.rejected == e.Attempts }

// RetryAfter is never: whoever called this service must not repeat what it has
// tried as often as it may, or every layer would multiply the attempts.
func (e *Error) RetryAfter() (after time.Duration, ok bool) { return -1, true }

func (e *Error) last() error {
	if len(e.Errs) == 0 {
		return e.Ended
	}
	return e.Errs[len(e.Errs)-1]
}

func (e *Error) add(r *result) {
	err := r.err
	if err == nil {
		err = errResponse
	}
	if len(e.Errs) == maxErrs {
		e.Errs = slices.Delete(e.Errs, 1, 2) // the first often is the reason for the others
	}
	e.Attempts++
	e.Errs = append(e.Errs, err)
	e.sent = e.sent || r.outcome != classify.NotSent
	if classify.Rejected(err) {
		e.rejected++
	}
}

// text returns err's text, cut at a character near maxText.
func text(err error) string {
	s := err.Error()
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// ended returns why ctx ended: its error, and the cause if it has another.
func ended(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if errors.Is(err, cause) {
		return err
	}
	return fmt.Errorf("%w: %w", err, cause)
}
