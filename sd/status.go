package sd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-kit/log"
)

// status is where a registration stands, and tells those who asked to know.
type status struct {
	logger   log.Logger
	onChange func(RegistrarState)

	tell sync.Mutex // held while changes are reported, so that they arrive in order

	mu         sync.Mutex // guards the fields below
	state      RegistrarState
	err        error         // why it is not Registered
	complained bool          // err was logged already
	registered chan struct{} // closed at the first confirmation; nil after it
	term       *term         // the Hold whose word counts
}

// term is one call of Hold.
type term struct {
	status *status
	since  time.Time // of the first confirmation; guarded by status.mu
}

func (s *status) init(in Instance, cfg RegistrarConfig, registered chan struct{}) {
	s.logger = log.With(cfg.Logger, "id", clip(in.ID), "addr", in.Addr)
	s.onChange = cfg.OnChange
	s.registered = registered
}

func (s *status) get() (RegistrarState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.err
}

// begin makes a new Hold the one whose word counts.
func (s *status) begin() *term {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.term = &term{status: s}
	return s.term
}

// confirm is the held function of the backend. A call after the end of its
// Hold changes nothing.
func (t *term) confirm() {
	s := t.status
	s.change(func() (msg string) {
		if s.term != t {
			return ""
		}
		if t.since.IsZero() {
			t.since = time.Now()
		}
		if s.registered != nil {
			close(s.registered)
			s.registered = nil
		}
		if s.state != Registered {
			msg = "registered"
		}
		s.state, s.err, s.complained = Registered, nil, false
		return msg
	})
}

// end closes the term and returns for how long the registration stood.
func (t *term) end() (worked time.Duration) {
	t.status.mu.Lock()
	defer t.status.mu.Unlock()
	t.status.term = nil
	if t.since.IsZero() {
		return 0
	}
	return time.Since(t.since)
}

// failed notes why an attempt ended. Only the first of a row is logged.
func (s *status) failed(err error) {
	if err == nil {
		err = errNoReason
	}
	s.change(func() (msg string) {
		if s.state == Registered {
			s.state, msg = Lost, "registration lost; trying to regain it"
		} else if !s.complained {
			msg = "not registered yet; trying again"
		}
		s.err, s.complained = err, true
		return msg
	})
}

// refused notes that the instance cannot be registered at all. The caller says
// so.
func (s *status) refused(err error) {
	s.change(func() string {
		s.err = err
		return ""
	})
}

// left notes how the Hold that was told to leave did, and returns why the
// registry may still list the instance; nil if it does not.
func (s *status) left(err error) error {
	s.change(func() (msg string) {
		was := s.state
		s.state = Unregistered
		switch interrupted := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded); {
		case err == nil:
			s.err, msg = nil, "left"
		case interrupted && was == Unregistered: // it had not got as far as being listed
			err = nil
		case interrupted && was == Lost: // the loss is what kept it from removing anything
			err = s.err
		default:
			s.err = err
		}
		return msg
	})
	return asLeave(err)
}

// abandoned notes that Run ends between two attempts.
func (s *status) abandoned() error {
	var err error
	s.change(func() string {
		if s.state == Lost { // nobody could tell the registry
			err = s.err
		}
		s.state = Unregistered
		return ""
	})
	return asLeave(err)
}

func asLeave(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("leave: %w", err)
}

// change applies f under the lock, then reports the message it returns, if
// any, and the new state, if it is another one.
func (s *status) change(f func() (msg string)) {
	s.tell.Lock()
	defer s.tell.Unlock()
	s.mu.Lock()
	was := s.state
	msg := f()
	state, err := s.state, s.err
	s.mu.Unlock()
	if msg != "" && err != nil {
		_ = withStack(s.logger, err).Log("msg", msg, "err", err)
	} else if msg != "" {
		_ = s.logger.Log("msg", msg)
	}
	if state != was && s.onChange != nil {
		s.onChange(state)
	}
}
