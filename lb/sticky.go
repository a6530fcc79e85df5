package lb

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"

	kitlb "github.com/go-kit/kit/sd/lb"
)

// Session is which instance a caller was with. It goes with a call by
// WithSession, is read by the pick and written by it, and between calls the
// caller keeps it: a cookie, a header, a token. The zero value was with nobody.
// It is safe for concurrent use; do not copy it.
type Session struct {
	id atomic.Pointer[string]
}

// NewSession returns the session that was with the instance of that ID. The text
// may come from anywhere: one that is no instance's ID is as none.
func NewSession(instance string) *Session {
	s := new(Session)
	if instance != "" {
		s.id.Store(&instance)
	}
	return s
}

// Instance returns the ID of the instance that the session is with, empty for
// none. Who must not read IDs, or not choose an instance, is given it encrypted
// or signed.
func (s *Session) Instance() string {
	if id := s.id.Load(); id != nil {
		return *id
	}
	return ""
}

// WithSession returns a context for calls of a session. The innermost counts.
func WithSession(ctx context.Context, s *Session) context.Context {
	return context.WithValue(ctx, sessionKey{}, s)
}

type sessionKey struct{}

func sessionFrom(ctx context.Context) *Session {
	s, _ := ctx.Value(sessionKey{}).(*Session)
	return s
}

// StickyConfig configures a Sticky. The zero value is good.
type StickyConfig struct {
	// Return lets a session come back: while its instance is there, but its
	// breaker is open, or it is ejected, critical, or was tried by this call, the
	// session is lent to others and keeps the instance in mind. Otherwise it
	// stays with whoever took it in. An instance that drains or is gone is
	// forgotten either way.
	Return bool
}

// Sticky keeps a session on its instance, as Envoy's stateful sessions and
// HAProxy's cookies do: what an instance has cached for a caller, or holds in
// memory, is found again. Hashing by a key, as Maglev does, needs nothing to be
// remembered, but moves some keys whenever instances come or go; a session moves
// when its own instance cannot be picked, and at no other time, also when the
// service is scaled out. Then, or when it is new, the fallback picks, and the
// session remembers whom. Nothing is remembered here: it is all in the Session.
//
// New instances get new sessions only, so that load evens out as slowly as
// sessions end. Calls without a session are the fallback's. It is safe for
// concurrent use.
type Sticky struct {
	decorator
	cfg      StickyConfig
	fallback part
}

var _ kitlb.Balancer = (*Sticky)(nil)

// NewSticky returns a balancer that picks from set by session, and by fallback
// for sessions that are with nobody: adaptive if nil. One that hashes, such as
// Maglev, sends sessions whose calls have a key to where the key is at home.
func NewSticky(set Set, cfg StickyConfig, fallback Policy) (*Sticky, error) {
	if set == nil {
		return nil, errNoSet
	}
	other, err := partOf(set, fallback)
	if err != nil {
		return nil, err
	}
	b := &Sticky{cfg: cfg, fallback: other}
	b.decorator = decorator{set: set, name: "sticky", parts: b}
	return b, nil
}

func (b *Sticky) try(w want) *slot {
	at := w.session
	if at == nil {
		return b.anew(w)
	}
	s, id := b.set.current(), at.Instance()
	if sl := s.find(id); sl != nil && s.lets(sl, w) {
		w.trace.by("session")
		w.trace.via(b.name)
		return sl
	}
	sl := b.anew(w)
	if sl != nil && sl.in != nil && (!b.cfg.Return || !s.has(id)) {
		at.id.Store(&sl.in.ID)
	}
	return sl
}

func (b *Sticky) anew(w want) *slot {
	sl := b.fallback.try(w)
	w.trace.via(b.name)
	return sl
}

func byID(sl slot, id string) int { return cmp.Compare(sl.in.ID, id) }

// find returns the pickable slot of an instance, or nil.
func (s *snapshot) find(id string) *slot {
	i, ok := slices.BinarySearchFunc(s.pickable, id, byID)
	if !ok {
		return nil
	}
	return &s.pickable[i]
}

// has says whether an instance is connected and does not drain.
func (s *snapshot) has(id string) bool {
	_, ok := slices.BinarySearchFunc(s.all, id, byID)
	return ok
}

// lets says whether the first step of a pick may choose the slot.
func (s *snapshot) lets(sl *slot, w want) bool {
	w.ready, w.plain = true, s.plain
	return !s.panicking() && w.ok(sl.node)
}
