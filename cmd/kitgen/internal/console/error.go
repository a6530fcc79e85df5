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
