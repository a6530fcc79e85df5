package echo

import (
	"context"
)

// New returns the service itself.
func New() Service {
	return &service{}
}

type service struct{}

// Echo answers text.
func (s *service) Echo(_ context.Context, text string) (echoed string, err error) {
	return text, nil
}
