package kind_test

import (
	"strings"
	"testing"
	"unicode"

	"google.golang.org/grpc/codes"

	"github.com/kitgen/kitgen/transport/internal/kind"
)

// snake is how gRPC's name of a code is spelled on the wire.
func snake(c codes.Code) string {
	var b strings.Builder
	for i, r := range c.String() {
		if unicode.IsUpper(r) && i > 0 && c != codes.OK {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func TestNumbersAndNamesAreGRPCs(t *testing.T) {
	for c := codes.OK; c <= codes.Unauthenticated; c++ {
		if got := kind.Kind(c).String(); got != snake(c) {
			t.Errorf("%d is %q, want gRPC's %q", c, got, snake(c))
		}
		if k, ok := kind.Of(snake(c)); !ok || k != kind.Kind(c) {
			t.Errorf("%q is %d, %t", snake(c), k, ok)
		}
	}
	for c, k := range map[codes.Code]kind.Kind{
		codes.Canceled: kind.Canceled, codes.Unknown: kind.Unknown, codes.InvalidArgument: kind.InvalidArgument,
		codes.DeadlineExceeded: kind.DeadlineExceeded, codes.NotFound: kind.NotFound, codes.Unimplemented: kind.Unimplemented,
		codes.Internal: kind.Internal, codes.Unavailable: kind.Unavailable,
	} {
		if uint32(k) != uint32(c) {
			t.Errorf("%s is %d, want %d", k, k, c)
		}
	}
}

func TestUnknownOnes(t *testing.T) {
	if k := kind.Kind(200); k.String() != "unknown" || k.Status() != 500 {
		t.Errorf("a number of the future is %s, %d", k, k.Status())
	}
	if k, ok := kind.Of("empty_basket"); ok || k != kind.Unknown {
		t.Errorf("a service's own code is %s, %t", k, ok)
	}
}

func TestStatuses(t *testing.T) {
	for status, want := range map[int]codes.Code{
		200: codes.OK,
		204: codes.OK,
		302: codes.Unknown,
		400: codes.InvalidArgument,
		401: codes.Unauthenticated,
		403: codes.PermissionDenied,
		404: codes.NotFound,
		405: codes.Unimplemented,
		408: codes.DeadlineExceeded,
		409: codes.AlreadyExists,
		410: codes.NotFound,
		412: codes.FailedPrecondition,
		413: codes.InvalidArgument,
		422: codes.InvalidArgument,
		429: codes.ResourceExhausted,
		499: codes.Canceled,
		500: codes.Internal,
		501: codes.Unimplemented,
		502: codes.Unavailable,
		503: codes.Unavailable,
		504: codes.DeadlineExceeded,
		507: codes.Unknown,
	} {
		if got := codes.Code(kind.OfStatus(status)); got != want {
			t.Errorf("%d is %s, want %s", status, got, want)
		}
	}
	// A status that a kind has must lead back to a kind of the same status.
	for k := kind.Kind(0); k <= kind.Kind(codes.Unauthenticated); k++ {
		if got := kind.OfStatus(k.Status()).Status(); got != k.Status() {
			t.Errorf("%s: %d leads to %d", k, k.Status(), got)
		}
	}
}
