package classify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/internal/attempt"
	"github.com/kitgen/kitgen/middleware/classify"
)

type statusError int

func (s statusError) Error() string   { return http.StatusText(int(s)) }
func (s statusError) StatusCode() int { return int(s) }

type notSent bool

func (notSent) Error() string   { return "rejected" }
func (n notSent) NotSent() bool { return bool(n) }

// sentStatus has both shapes, as the breaker's and retry's errors do.
type sentStatus struct {
	notSent
	statusError
}

func (sentStatus) Error() string { return "both" }

type failer struct{}

func (failer) Failed() error { return errors.New("insufficient funds") }

var _ endpoint.Failer = failer{}

func wrapped(err error) error { return &url.Error{Op: "Post", URL: "http://a/sum", Err: err} }

func dialed(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }

// TestDefault is the table of the package's documentation, row by row.
func TestDefault(t *testing.T) {
	const (
		success  = classify.Success
		failure  = classify.Failure
		excluded = classify.Excluded
		notsent  = classify.NotSent
		throttle = classify.Throttled
		fault    = classify.Fault
	)
	for _, tt := range []struct {
		name string
		err  error
		want classify.Outcome
	}{
		{"no error", nil, success},
		{"400", statusError(400), success},
		{"401", statusError(401), success},
		{"404 in a wrapped error", fmt.Errorf("get: %w", statusError(404)), success},
		{"409", statusError(409), success},
		{"304, which a client took for an error", statusError(304), success},
		{"501", statusError(501), success},
		{"408", statusError(408), failure},
		{"429", statusError(429), throttle},
		{"499", statusError(499), excluded},
		{"500", statusError(500), fault},
		{"502", statusError(502), failure},
		{"503", statusError(503), failure},
		{"504", statusError(504), failure},
		{"no status in a status error", statusError(0), failure},

		{"rejected", notSent(true), notsent},
		{"rejected, wrapped", fmt.Errorf("call: %w", notSent(true)), notsent},
		{"rejected with 503", sentStatus{true, 503}, notsent},
		{"says it was sent", notSent(false), failure},
		{"says it was sent, though one attempt could not dial", errors.Join(notSent(false), dialed(syscall.ECONNREFUSED)), failure},
		{"refused", wrapped(dialed(syscall.ECONNREFUSED)), notsent},
		{"refused, bare", syscall.ECONNREFUSED, notsent},
		{"no route", wrapped(dialed(syscall.EHOSTUNREACH)), notsent},
		{"dial timeout", wrapped(dialed(context.DeadlineExceeded)), notsent},
		{"proxy refused", wrapped(&net.OpError{Op: "proxyconnect", Err: io.EOF}), notsent},
		{"no such host", wrapped(&net.DNSError{Err: "no such host", Name: "a"}), notsent},
		{"no endpoints", fmt.Errorf("addsvc: %w", kitlb.ErrNoEndpoints), notsent},

		{"EOF", wrapped(io.EOF), failure},
		{"unexpected EOF", io.ErrUnexpectedEOF, failure},
		{"reset while reading", wrapped(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), failure},
		{"broken pipe", wrapped(&net.OpError{Op: "write", Err: syscall.EPIPE}), failure},
		{"timeout of an inner layer", wrapped(context.DeadlineExceeded), failure},
		{"attempt timeout of an inner layer", attempt.ErrTimeout, failure},
		{"cancelled by somebody else", wrapped(context.Canceled), excluded},
		{"unknown", errors.New("boom"), failure},

		{"go-kit retry, final 404", kitlb.RetryError{RawErrors: []error{statusError(503)}, Final: statusError(404)}, success},
		{"go-kit retry, final 503", kitlb.RetryError{RawErrors: []error{statusError(404)}, Final: statusError(503)}, failure},
		{"go-kit retry, final refused", kitlb.RetryError{Final: dialed(syscall.ECONNREFUSED)}, notsent},
		{"go-kit retry without a final error", kitlb.RetryError{}, failure},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := classify.Default(t.Context(), nil, tt.err); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
	if got := classify.Default(t.Context(), failer{}, nil); got != success {
		t.Errorf("a Failer's answer is %v, want %v", got, success)
	}
}

// TestDefaultWhoEndedTheCall tells apart who ran out of patience.
func TestDefaultWhoEndedTheCall(t *testing.T) {
	const second = time.Second
	for _, tt := range []struct {
		name     string
		caller   time.Duration // its deadline; 0: none
		cancel   bool          // by the caller, after half a second
		attempt  time.Duration // timeout of the attempt; 0: none; -1: no attempt at all
		err      error         // instead of ctx.Err()
		want     classify.Outcome
		retrying bool // whether the attempt's own time is said to be up
	}{
		{name: "attempt's timeout", attempt: second, want: classify.Failure, retrying: true},
		{name: "attempt's timeout before the caller's", caller: 2 * second, attempt: second, want: classify.Failure, retrying: true},
		{name: "caller's deadline before the attempt's", caller: second, attempt: 2 * second, want: classify.Excluded},
		{name: "caller's deadline is the only one", caller: second, want: classify.Failure},
		{name: "caller's deadline without retry", caller: second, attempt: -1, want: classify.Failure},
		{name: "caller cancels", cancel: true, attempt: second, want: classify.Excluded},
		{name: "caller cancels without retry", cancel: true, attempt: -1, want: classify.Excluded},
		{name: "caller cancels, transport says otherwise", cancel: true, attempt: second, err: io.EOF, want: classify.Excluded},
		{name: "caller cancels while dialing", cancel: true, attempt: second, err: dialed(context.Canceled), want: classify.Excluded},
		{name: "attempt's timeout while dialing", attempt: second, err: dialed(context.DeadlineExceeded), want: classify.NotSent, retrying: true},
		{name: "business error as the caller cancels", cancel: true, attempt: second, err: statusError(404), want: classify.Success},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.caller > 0 {
					ctx, cancel = context.WithTimeout(ctx, tt.caller)
					defer cancel()
				}
				if tt.cancel {
					time.AfterFunc(second/2, cancel)
				}
				if tt.attempt >= 0 {
					att := attempt.Start(ctx, tt.attempt)
					defer att.End()
					ctx = att
				}
				<-ctx.Done()
				err := ctx.Err()
				if tt.err != nil {
					err = tt.err
				}
				if got := classify.Default(ctx, nil, err); got != tt.want {
					t.Errorf("%v, want %v", got, tt.want)
				}
				if got := attempt.TimedOut(ctx); got != tt.retrying {
					t.Errorf("TimedOut = %v, want %v", got, tt.retrying)
				}
			})
		})
	}
}

// TestDefaultOfRealErrors holds the shapes against what net/http really gives.
func TestDefaultOfRealErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	slam := make(chan struct{})
	go func() { // accepts one call and slams the door
		defer close(slam)
		if c, err := l.Accept(); err == nil {
			_, _ = c.Read(make([]byte, 1))
			_ = c.Close()
		}
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	post := func() error {
		resp, err := client.Post("http://"+l.Addr().String(), "text/plain", nil)
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}
	if err := post(); classify.Default(t.Context(), nil, err) != classify.Failure {
		t.Errorf("door slammed: %v is not a failure", err)
	}
	<-slam
	_ = l.Close()
	if err := post(); classify.Default(t.Context(), nil, err) != classify.NotSent {
		t.Errorf("nobody listens: %v counts as sent", err)
	}
}

func TestRetryable(t *testing.T) {
	for _, tt := range []struct {
		outcome               classify.Outcome
		write, read, unhealth bool
	}{
		{classify.Success, false, false, false},
		{classify.Failure, false, true, true},
		{classify.Excluded, false, false, false},
		{classify.NotSent, true, true, true},
		{classify.Throttled, false, false, false},
		{classify.Fault, false, false, true},
	} {
		if got := tt.outcome.Retryable(false); got != tt.write {
			t.Errorf("%v: Retryable(false) = %v", tt.outcome, got)
		}
		if got := tt.outcome.Retryable(true); got != tt.read {
			t.Errorf("%v: Retryable(true) = %v", tt.outcome, got)
		}
		if got := tt.outcome.Failed(); got != tt.unhealth {
			t.Errorf("%v: Failed() = %v", tt.outcome, got)
		}
	}
}

func TestDefaultOfSuccessIsFree(t *testing.T) {
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { classify.Default(ctx, nil, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func ExampleFunc() {
	// This service answers "locked" with 503 while it is perfectly well.
	errLocked := statusError(503)
	var locked classify.Func = func(ctx context.Context, response any, err error) classify.Outcome {
		if errors.Is(err, errLocked) {
			return classify.Success
		}
		return classify.Default(ctx, response, err)
	}
	ctx := context.Background()
	fmt.Println(locked(ctx, nil, errLocked))
	fmt.Println(locked(ctx, nil, io.EOF))
	fmt.Println(locked(ctx, nil, syscall.ECONNREFUSED))
	// Output:
	// success
	// failure
	// not sent
}

// told is an error that says when to come again.
type told time.Duration

func (told) Error() string                       { return "busy" }
func (d told) RetryAfter() (time.Duration, bool) { return time.Duration(d), d != 0 }

func TestPushback(t *testing.T) {
	for _, tt := range []struct {
		err   error
		after time.Duration
		ok    bool
	}{
		{nil, 0, false},
		{io.EOF, 0, false},
		{told(0), 0, false},
		{told(time.Second), time.Second, true},
		{fmt.Errorf("call: %w", told(-1)), -1, true},
		{errors.Join(io.EOF, told(5)), 5, true},
	} {
		if after, ok := classify.Pushback(tt.err); after != tt.after || ok != tt.ok {
			t.Errorf("%v: %v %v, want %v %v", tt.err, after, ok, tt.after, tt.ok)
		}
	}
}

type rejected bool

func (rejected) Error() string    { return "no room" }
func (r rejected) Rejected() bool { return bool(r) }

func TestRejected(t *testing.T) {
	for err, want := range map[error]bool{nil: false, io.EOF: false, rejected(false): false, rejected(true): true} {
		if got := classify.Rejected(err); got != want {
			t.Errorf("%v: %t", err, got)
		}
	}
	if !classify.Rejected(fmt.Errorf("call: %w", rejected(true))) {
		t.Error("a wrapped rejection is none")
	}
}

type failedWith struct{ err error }

func (f failedWith) Failed() error { return f.err }

func TestFailersAreJudgedByTheirError(t *testing.T) {
	judge := classify.Failers(nil)
	for _, tt := range []struct {
		response any
		err      error
		want     classify.Outcome
	}{
		{failedWith{nil}, nil, classify.Success},
		{failedWith{statusError(404)}, nil, classify.Success},
		{failedWith{statusError(503)}, nil, classify.Failure},
		{failedWith{statusError(404)}, io.EOF, classify.Failure},
		{"text", nil, classify.Success},
	} {
		if got := judge(t.Context(), tt.response, tt.err); got != tt.want {
			t.Errorf("%v, %v: %v, want %v", tt.response, tt.err, got, tt.want)
		}
	}
}

func ExampleOutcome_String() {
	fmt.Println(classify.Success, classify.Failure, classify.Excluded, classify.NotSent, classify.Throttled, classify.Fault, classify.Outcome(9))
	// Output: success failure excluded not sent throttled fault outcome 9
}
