// Package tree asks which of several errors in one comes first. errors.As finds
// the first of one kind: asked for two things, it may take each from another
// error, and mix up the attempts of a call.
package tree

// First returns the first error in err's tree that is wanted, in the order in
// which errors.As looks, and nil if there is none.
func First(err error, wanted func(error) bool) error {
	if err == nil || wanted(err) {
		return err
	}
	switch e := err.(type) { //nolint:errorlint // this is what unwraps
	case interface{ Unwrap() error }:
		return First(e.Unwrap(), wanted)
	case interface{ Unwrap() []error }:
		for _, below := range e.Unwrap() {
			if found := First(below, wanted); found != nil {
				return found
			}
		}
	}
	return nil
}
