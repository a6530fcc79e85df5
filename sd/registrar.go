package sd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	kitsd "github.com/go-kit/kit/sd"
	"github.com/go-kit/log"
)

var _ kitsd.Registrar = (*Registrar)(nil)

// RegistrarState is where a registration stands.
type RegistrarState uint8

// The states of a registration.
const (
	Unregistered RegistrarState = iota // not yet confirmed, or left
	Registered                         // confirmed by the registry and kept alive
	Lost                               // was confirmed and no longer is; being regained
)

// String is the state in lower case.
func (s RegistrarState) String() string {
	switch s {
	case Unregistered:
		return "unregistered"
	case Registered:
		return "registered"
	default:
		return "lost"
	}
}

var (
	// ErrRunning is returned by Run while another Run of the same Registrar is
	// under way: two would fight over one registration.
	ErrRunning = errors.New("registrar is already running")
	// ErrLeaveTimeout is wrapped by what Run returns when the backend did not
	// finish leaving in time. The registry drops the instance by its own TTL.
	ErrLeaveTimeout = errors.New("leaving took too long")
)

// RegistrarConfig adjusts a Registrar. The zero value is good.
type RegistrarConfig struct {
	MinBackoff   time.Duration        // bound of the first wait after a failure; 100 ms if zero or less
	MaxBackoff   time.Duration        // bound of the last; 5 s if zero or less
	LeaveTimeout time.Duration        // how long leaving may delay the end of Run; 2 s if zero or less
	Logger       log.Logger           // hears of changes of state, not of attempts; nop if nil
	OnChange     func(RegistrarState) // called at every change of state, in order; must not block; none if nil
	Watcher      Watcher              // of the same service, for Gone, which cannot tell if nil; only watches while Gone does
}

// Registrar keeps one instance registered for as long as it runs. It never
// gives up: a registry that is down, forgets the instance or drops its lease
// is asked again until the instance is there, at once when an established
// registration is lost, then with jittered backoff. Run is for those who own a
// context, Register and Deregister are go-kit's. All methods may be called
// from anywhere, in any order.
type Registrar struct {
	holder     Holder
	in         Instance
	cfg        RegistrarConfig
	registered chan struct{} // closed once first confirmed

	life   sync.Mutex // serialises Register and Deregister; guards the fields below
	cancel context.CancelFunc
	ended  chan struct{} // closed when the Run that Register started has returned
	left   error         // what the last such Run returned; valid once it has

	look    atomic.Pointer[look] // that of the Gone under way; nil if there is none
	leaving atomic.Bool          // Deregister waits for nothing more
	status  status
	stray   chan (<-chan error) // holds the Hold that outlived the last Run, if any; doubles as the lock of Run
}

// NewRegistrar returns a Registrar that will hold in. It touches no network.
// An empty in.ID is replaced by one that is unique to this Registrar (Addr and
// 64 random bits); NewID makes more readable ones. Unless it is there, the time
// is added to in.Meta (MetaStarted), for callers that start a new instance
// slowly.
func NewRegistrar(h Holder, in Instance, cfg RegistrarConfig) *Registrar {
	if cfg.Logger == nil {
		cfg.Logger = log.NewNopLogger()
	}
	if in.ID == "" {
		in.ID = joinID(in.Addr)
	}
	if _, has := in.Meta[MetaStarted]; !has {
		meta := map[string]string{MetaStarted: time.Now().UTC().Format(time.RFC3339)}
		maps.Copy(meta, in.Meta)
		in.Meta = meta
	}
	cfg.LeaveTimeout = orDefault(cfg.LeaveTimeout, 2*time.Second)
	r := &Registrar{
		holder:     h,
		in:         in,
		cfg:        cfg,
		registered: make(chan struct{}),
		stray:      make(chan (<-chan error), 1),
	}
	r.status.init(in, cfg, r.registered)
	r.stray <- nil
	return r
}

// Instance is what is registered, its ID filled in.
func (r *Registrar) Instance() Instance { return r.in }

// Registered returns a channel that is closed once the registry has first
// confirmed the registration.
func (r *Registrar) Registered() <-chan struct{} { return r.registered }

// State returns where the registration stands and, unless it is Registered,
// why: the last failure, or nil if there was none.
func (r *Registrar) State() (RegistrarState, error) { return r.status.get() }

// Run registers the instance and keeps it registered until ctx ends; then it
// leaves. Most callers want this one. It returns nil if the registry let the
// instance go, or never had it; otherwise why leaving failed, and the
// registry's TTL has to remove it. An instance that no registry could take
// (ErrInvalid) is returned at once, since time would not mend it.
//
// Run returns LeaveTimeout after ctx at the latest, even if the backend is
// stuck. What is stuck then is joined by the next Run before it starts.
func (r *Registrar) Run(ctx context.Context) error {
	if err := r.in.Validate(); err != nil {
		r.status.refused(err)
		return fmt.Errorf("register: %w", err)
	}
	if err := r.begin(ctx); err != nil {
		return err
	}
	var stray <-chan error
	defer func() { r.stray <- stray }()
	wait := newBackoff(r.cfg.MinBackoff, r.cfg.MaxBackoff)
	for failures := 0; ctx.Err() == nil; failures++ {
		var worked time.Duration
		var err error
		worked, stray, err = r.hold(ctx)
		if ctx.Err() != nil {
			return r.status.left(err)
		}
		r.status.failed(err)
		if worked >= proven { // a registration that stood and fell is wanted back at once
			failures = -1
			continue
		}
		pause(ctx, wait.delay(failures))
	}
	return r.status.abandoned()
}

// begin waits for the backend of an earlier Run to be done, so that its late
// leaving cannot remove what this Run registers.
func (r *Registrar) begin(ctx context.Context) error {
	var stray <-chan error
	select {
	case stray = <-r.stray:
	default:
		return ErrRunning
	}
	if stray == nil {
		return nil
	}
	select {
	case <-stray: //nolint:errcheck // why it left late was told when it did not leave in time
		return nil
	case <-ctx.Done():
		r.stray <- stray
		return fmt.Errorf("register: the backend is still busy with leaving: %w", context.Cause(ctx))
	}
}

// hold registers once and returns for how long that worked and why it ended.
// stray is the backend, if it did not follow the end of ctx in time.
func (r *Registrar) hold(ctx context.Context) (worked time.Duration, stray <-chan error, err error) {
	term := r.status.begin()
	done := contain(func() error { return r.holder.Hold(ctx, r.in, term.confirm) })
	select {
	case err = <-done:
		return term.end(), nil, err
	case <-ctx.Done():
	}
	timeout := time.NewTimer(r.cfg.LeaveTimeout)
	defer timeout.Stop()
	select {
	case err = <-done:
		return term.end(), nil, err
	case <-timeout.C:
		return term.end(), done, fmt.Errorf("%w: backend still busy after %s", ErrLeaveTimeout, r.cfg.LeaveTimeout)
	}
}

// Register starts Run in the background; does nothing while that runs.
func (r *Registrar) Register() {
	r.life.Lock()
	defer r.life.Unlock()
	if r.cancel != nil {
		return
	}
	r.leaving.Store(false)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	r.cancel, r.ended = cancel, ended
	go func() {
		defer close(ended)
		err := r.Run(ctx)
		r.left = err // nobody reads it before ended is closed
		if err != nil {
			_ = r.cfg.Logger.Log("msg", "registration ended", "id", clip(r.in.ID), "err", err)
		}
	}()
}

// Deregister ends what Register started and returns once the instance has
// left, or LeaveTimeout has passed. A Gone that is under way is given a quarter
// of that to look first. Without a Register before it, it does nothing.
func (r *Registrar) Deregister() {
	r.life.Lock()
	defer r.life.Unlock()
	if r.cancel == nil {
		return
	}
	r.look.Load().await(r.cfg.LeaveTimeout / 4)
	r.leaving.Store(true)
	r.cancel()
	<-r.ended
	r.cancel, r.ended = nil, nil
}
