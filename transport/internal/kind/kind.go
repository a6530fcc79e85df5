// Package kind is the one table between HTTP status codes, gRPC codes and the
// names both are known by on either wire.
package kind

import "net/http"

// Kind is a kind of failure, numbered as gRPC numbers its codes. The zero
// value is no failure at all.
type Kind uint8

// The kinds that are chosen by name.
const (
	Canceled          Kind = 1
	Unknown           Kind = 2
	InvalidArgument   Kind = 3
	DeadlineExceeded  Kind = 4
	NotFound          Kind = 5
	ResourceExhausted Kind = 8
	Unimplemented     Kind = 12
	Internal          Kind = 13
	Unavailable       Kind = 14
)

// StatusClientClosed is what a server notes when its caller went away. It has
// no name in net/http; NGINX gave it its number.
const StatusClientClosed = 499

// table is indexed by Kind. Where kinds share a status, the name still tells
// them apart.
var table = [...]struct {
	name   string
	status int
}{
	{"ok", http.StatusOK},
	{"canceled", StatusClientClosed},
	{"unknown", http.StatusInternalServerError},
	{"invalid_argument", http.StatusBadRequest},
	{"deadline_exceeded", http.StatusGatewayTimeout},
	{"not_found", http.StatusNotFound},
	{"already_exists", http.StatusConflict},
	{"permission_denied", http.StatusForbidden},
	{"resource_exhausted", http.StatusTooManyRequests},
	{"failed_precondition", http.StatusPreconditionFailed},
	{"aborted", http.StatusConflict},
	{"out_of_range", http.StatusBadRequest},
	{"unimplemented", http.StatusNotImplemented},
	{"internal", http.StatusInternalServerError},
	{"unavailable", http.StatusServiceUnavailable},
	{"data_loss", http.StatusInternalServerError},
	{"unauthenticated", http.StatusUnauthorized},
}

// String is the name that travels, such as "not_found".
func (k Kind) String() string { return table[k.known()].name }

// Status is the HTTP status of k.
func (k Kind) Status() int { return table[k.known()].status }

func (k Kind) known() Kind {
	if int(k) < len(table) {
		return k
	}
	return Unknown
}

// Of is the kind that a code's name stands for; false if it is none of ours.
func Of(name string) (Kind, bool) {
	for i, row := range table {
		if row.name == name {
			return Kind(i), true
		}
	}
	return Unknown, false
}

// OfStatus is the nearest kind of an HTTP status.
func OfStatus(status int) Kind {
	switch status { // those with no row, or with a better one than the first
	case http.StatusInternalServerError:
		return Internal
	case http.StatusRequestTimeout:
		return DeadlineExceeded
	case http.StatusGone:
		return NotFound
	case http.StatusMethodNotAllowed:
		return Unimplemented
	case http.StatusBadGateway:
		return Unavailable
	}
	for i, row := range table {
		if row.status == status {
			return Kind(i)
		}
	}
	switch {
	case status >= 200 && status < 300:
		return 0
	case status >= 400 && status < 500:
		return InvalidArgument
	}
	return Unknown
}
