// Package echo answers what it is asked. It is what kitgen new service makes of
// the interface below, and the end-to-end measurements call it.
package echo

import "context"

// Service is what echo can be asked.
type Service interface {
	// Echo answers its own question.
	//
	//kit:idempotent
	Echo(ctx context.Context, text string) (echoed string, err error)
}
