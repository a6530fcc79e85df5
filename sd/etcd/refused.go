package etcd

import (
	"errors"
	"slices"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// refused tells whether etcd answered, and would not have these credentials.
func refused(err error) bool {
	for _, is := range []error{
		rpctypes.ErrAuthFailed, rpctypes.ErrUserEmpty, rpctypes.ErrUserNotFound, rpctypes.ErrAuthOldRevision,
		rpctypes.ErrInvalidAuthToken, rpctypes.ErrPermissionDenied, rpctypes.ErrInvalidAuthMgmt,
	} {
		if errors.Is(err, is) {
			return true
		}
	}
	code := status.Code(err)
	if own, ok := errors.AsType[rpctypes.EtcdError](err); ok {
		code = own.Code()
	}
	return slices.Contains([]codes.Code{codes.Unauthenticated, codes.PermissionDenied}, code)
}
