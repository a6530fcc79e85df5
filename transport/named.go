package transport

import "errors"

// WithCode is err under a code and an HTTP status of its own, so that a service's
// plain Go errors need know nothing of wires: its server says what they are called
// there. errors.Is finds err as before, and ErrorOf has its message. It is nil if
// err is.
func WithCode(err error, code string, status int) error {
	if err == nil {
		return nil
	}
	return &coded{err, code, status}
}

// coded is an error with what a wire says of it.
type coded struct {
	err    error
	code   string
	status int
}

func (e *coded) Error() string     { return e.err.Error() }
func (e *coded) Unwrap() error     { return e.err }
func (e *coded) ErrorCode() string { return e.code }
func (e *coded) StatusCode() int   { return e.status }

// AlsoIs is err, of which errors.Is says that it is target, too: a client's way to
// have what came over a wire be the error that the service declared. All else is
// err's: its message, its status, whether it was sent and when to come again, of
// which target has no say. It is nil if err is.
func AlsoIs(err, target error) error {
	if err == nil {
		return nil
	}
	return &alias{err, target}
}

// alias is an error by another name.
type alias struct{ err, target error }

func (e *alias) Error() string        { return e.err.Error() }
func (e *alias) Unwrap() error        { return e.err }
func (e *alias) Is(target error) bool { return errors.Is(e.target, target) }
