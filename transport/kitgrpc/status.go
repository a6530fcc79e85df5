package kitgrpc

import (
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/internal/kind"
	"github.com/kitgen/kitgen/transport/internal/tree"
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
		return hasStatus || isStatus
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

type grpcStatus interface{ GRPCStatus() *status.Status }

// relayed is a status that this server got from another. What that call's
// connection failed with must not look like the failure of ours: our caller
// would take its call for one that was never sent.
func relayed(st *status.Status) *status.Status {
	if !saysNotSent(st) {
		return st
	}
	p := st.Proto()
	p.Message = "upstream: " + p.Message
	return status.FromProto(p)
}

// fromStatus is the failure that a status stands for.
func fromStatus(st *status.Status) *transport.Error {
	k := kind.Kind(min(st.Code(), codes.Code(255)))
	e := &transport.Error{Status: k.Status(), Code: k.String(), Message: st.Message()}
	for _, d := range st.Details() {
		info, ok := d.(*errdetails.ErrorInfo)
		if !ok {
			continue
		}
		if info.Reason != "" {
			e.Code = info.Reason
		}
		if n, err := strconv.Atoi(info.Metadata[infoStatus]); err == nil && info.Domain == infoDomain && n >= 400 && n <= 599 {
			e.Status = n
		}
		break
	}
	return e
}

// saysNotSent reports whether a status, by its text alone, is that of a call
// for which there was no connection.
func saysNotSent(st *status.Status) bool {
	return st.Code() == codes.Unavailable && strings.HasPrefix(st.Message(), noConnection)
}
