package kitgrpc

import (
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/guard"
	"github.com/kitgen/kitgen/transport/internal/kind"
	"github.com/kitgen/kitgen/transport/internal/pushback"
	"github.com/kitgen/kitgen/transport/internal/tree"
	"github.com/kitgen/kitgen/transport/kitgrpc/internal/ending"
)

const (
	infoDomain = "kitgen" // of an ErrorInfo that ToStatus made
	infoStatus = "status" // its metadata key for the HTTP status
)

// noConnection is how grpc-go begins the message of a call for which it had no
// connection.
const noConnection = "connection error: desc = \"transport: Error while dialing"

// ToStatus is the status that a server answers err with; OK for nil. An err
// that is a status keeps it, also if it is wrapped in what has no StatusCode of
// its own. Otherwise transport.ErrorOf decides, and the gRPC code is the one that
// the error's code is named after, or the nearest to its HTTP status. What the
// gRPC code cannot say goes into an ErrorInfo.
func ToStatus(err error) *status.Status {
	if err == nil {
		return nil
	}
	first := tree.First(err, func(err error) bool {
		_, hasStatus := err.(interface{ StatusCode() int })
		_, isStatus := err.(grpcStatus)
		_, isPanic := err.(*guard.Panic) //nolint:errorlint // tree.First unwraps; what is within a panic is for the log
		return hasStatus || isStatus || isPanic
	})
	if s, ok := first.(grpcStatus); ok && s.GRPCStatus().Code() != codes.OK {
		return relayed(s.GRPCStatus())
	}
	e := transport.ErrorOf(err)
	k, named := kind.Of(e.Code)
	if !named {
		k = kind.OfStatus(e.Status)
	}
	// A string that is not UTF-8 cannot be sent at all.
	st := status.New(codes.Code(k), strings.ToValidUTF8(e.Message, "\uFFFD"))
	if named && k.Status() == e.Status {
		return st
	}
	full, detailErr := st.WithDetails(&errdetails.ErrorInfo{
		Reason:   strings.ToValidUTF8(e.Code, "\uFFFD"),
		Domain:   infoDomain,
		Metadata: map[string]string{infoStatus: strconv.Itoa(e.Status)},
	})
	if detailErr != nil { // a known message under a code that is not OK: cannot happen
		return st
	}
	return full
}

// ToError is err for the method of a service to return: any grpc.Server answers
// with ToStatus, and interceptors still find all of err in its tree. nil stays
// nil. A Server's own interceptor does the same with what is no ToError.
func ToError(err error) error {
	if err == nil {
		return nil
	}
	return &answer{err, ToStatus(err)}
}

// answer is an error and what a server says of it.
type answer struct {
	err    error
	status *status.Status
}

// Error is that of the error.
func (a *answer) Error() string { return a.err.Error() }

// GRPCStatus is what the server says.
func (a *answer) GRPCStatus() *status.Status { return a.status }

// Unwrap gives the error.
func (a *answer) Unwrap() error { return a.err }

type grpcStatus interface{ GRPCStatus() *status.Status }

// relayed is a status that this server got from another. What that call's
// connection failed with must not look like the failure of ours: our caller
// would take its call for one that was never sent.
func relayed(st *status.Status) *status.Status {
	if !saysNotSent(st) && !ending.TurnedAway(st) {
		return st
	}
	p := st.Proto()
	p.Message = "upstream: " + p.Message
	return status.FromProto(p)
}

// fromStatus is the failure that a status stands for.
func fromStatus(st *status.Status) *transport.Error {
	k := kind.Kind(min(st.Code(), codes.Code(255)))
	e := &transport.Error{Status: k.Status(), Code: k.String(), Message: st.Message() + tooLarge(st)}
	info, ok := detail[*errdetails.ErrorInfo](st)
	if !ok {
		return e
	}
	if info.GetReason() != "" {
		e.Code = info.GetReason()
	}
	if n, err := strconv.Atoi(info.GetMetadata()[infoStatus]); err == nil && info.GetDomain() == infoDomain && n >= 400 && n <= 599 {
		e.Status = n
	}
	return e
}

// detail is the first detail of st that is a D.
func detail[D any](st *status.Status) (found D, ok bool) {
	for _, d := range st.Details() {
		if found, ok = d.(D); ok {
			return found, true
		}
	}
	return found, false
}

// retryInfo is when st says to come again, in the way of Google's APIs.
func retryInfo(st *status.Status) (after time.Duration, ok bool) {
	info, ok := detail[*errdetails.RetryInfo](st)
	if !ok || info.GetRetryDelay().CheckValid() != nil || info.GetRetryDelay().AsDuration() < 0 {
		return 0, false
	}
	return min(info.GetRetryDelay().AsDuration(), pushback.Most), true
}

// tooLarge is the mend of a message that was too large, of which grpc-go says
// how large it was, and at neither end what to do.
func tooLarge(st *status.Status) string {
	if st.Code() != codes.ResourceExhausted || !strings.Contains(st.Message(), "message larger than max") {
		return ""
	}
	return ": send less at once, or a stream; or raise kitgrpc.Config's MaxRecv (requests) or MaxSend (responses) at the server, " +
		"or grpc.MaxCallRecvMsgSize (responses) or MaxCallSendMsgSize (requests) at the client"
}

// saysNotSent reports whether a status, by its text alone, is that of a call
// for which there was no connection.
func saysNotSent(st *status.Status) bool {
	return st.Code() == codes.Unavailable && strings.HasPrefix(st.Message(), noConnection)
}
