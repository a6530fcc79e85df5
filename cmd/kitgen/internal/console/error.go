package console

// EnvironmentError is something wrong with this machine, such as a port that is
// taken. Its text says what, and the mend.
type EnvironmentError struct{ Err error }

// Error is the text of what is wrong.
func (e EnvironmentError) Error() string { return e.Err.Error() }

// Unwrap is what is wrong.
func (e EnvironmentError) Unwrap() error { return e.Err }

// UsageError is a mistake on the command line.
type UsageError struct{ Err error }

// Error is the text of the mistake.
func (e UsageError) Error() string { return e.Err.Error() }

// Unwrap is the mistake.
func (e UsageError) Unwrap() error { return e.Err }

// FailureError is that what was asked for was done, and came to nothing, such as
// a call that failed. It is nobody's mistake here.
type FailureError struct{ Err error }

// Error is what happened.
func (e FailureError) Error() string { return e.Err.Error() }

// Unwrap is what happened.
func (e FailureError) Unwrap() error { return e.Err }
