package sd

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/kit/endpoint"
	kitsd "github.com/go-kit/kit/sd"
	"github.com/go-kit/log"
)

func TestRegisterSendsTheCurrentStateAndEveryLaterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		i := NewInstancer(r, InstancerConfig{})
		defer i.Stop()
		r.sets <- set("b a")
		synctest.Wait()
		events := make(chan kitsd.Event)
		i.Register(events)
		wantEvent(t, <-events, "a:80", "b:80")
		r.sets <- set("b a c")
		wantEvent(t, <-events, "a:80", "b:80", "c:80")
		i.Register(events) // again: the state is sent anew, once
		wantEvent(t, <-events, "a:80", "b:80", "c:80")
		synctest.Wait()
		select {
		case e := <-events:
			t.Errorf("got %+v without news", e)
		default:
		}
	})
}

func wantEvent(t *testing.T, got kitsd.Event, want ...string) {
	t.Helper()
	if got.Err != nil || got.Instances == nil || !slices.Equal(got.Instances, want) {
		t.Errorf("got %+v, want %q", got, want)
	}
}

// Until anything is known, nothing is said: go-kit's empty event would be
// taken for an empty service.
func TestRegisterIsSilentUntilSomethingIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		i := NewInstancer(r, InstancerConfig{})
		defer i.Stop()
		events := make(chan kitsd.Event, 9)
		i.Register(events)
		pass(time.Hour)
		if len(events) > 0 {
			t.Fatalf("got %+v", <-events)
		}
		r.fail <- errDown
		if e := <-events; !errors.Is(e.Err, errDown) || e.Instances != nil {
			t.Errorf("got %+v, want the error", e)
		}
		r.sets <- set("")
		wantEvent(t, <-events)
		r.sets <- set("a")
		wantEvent(t, <-events, "a:80")
		r.fail <- errDown
		pass(time.Hour)
		if len(events) > 0 {
			t.Errorf("got %+v: an error must not reach those who know a set", <-events)
		}
	})
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string][]string{
		"":            {},
		"b a":         {"a:80", "b:80"},
		"a b~ c! d@a": {"a:80"},
		"a~ b! c!":    {"b:80", "c:80"}, // nobody is well: better those than none
		"a~":          {},
	} {
		if got := addresses(set(in)); got == nil || !slices.Equal(got, want) {
			t.Errorf("%q gives %q, want %q", in, got, want)
		}
	}
}

func TestSlowReaderDelaysNobodyAndGetsTheLatest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		i := NewInstancer(r, InstancerConfig{})
		defer i.Stop()
		slow, gone, quick := make(chan kitsd.Event), make(chan kitsd.Event), make(chan kitsd.Event)
		i.Register(slow)
		i.Register(gone) // never read
		i.Register(quick)
		begun := time.Now()
		for _, list := range []string{"a", "a b", "a b c"} {
			r.sets <- set(list)
			<-quick
		}
		if d := time.Since(begun); d > 0 {
			t.Errorf("the quick reader waited %s for the others", d)
		}
		synctest.Wait()
		wantEvent(t, <-slow, "a:80", "b:80", "c:80")
	})
}

func TestDeregisterOfAReaderThatStoppedReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		i := NewInstancer(r, InstancerConfig{})
		r.sets <- set("a")
		stuck, buffered := make(chan kitsd.Event), make(chan kitsd.Event, 1)
		i.Register(stuck)
		i.Register(buffered)
		r.sets <- set("a b") // both feeds are in the middle of a send
		synctest.Wait()
		i.Deregister(stuck)
		i.Deregister(stuck)
		i.Deregister(make(chan kitsd.Event)) // never registered
		i.Deregister(buffered)
		<-buffered
		r.sets <- set("a b c")
		synctest.Wait()
		select {
		case e := <-stuck:
			t.Errorf("got %+v after Deregister", e)
		case e := <-buffered:
			t.Errorf("got %+v after Deregister", e)
		default:
		}
		i.Register(stuck)
		i.Stop() // with a reader that does not read
		i.Register(stuck)
		i.Register(make(chan kitsd.Event))
		synctest.Wait()
		select {
		case e := <-stuck:
			t.Errorf("got %+v after Stop", e)
		default:
		}
	})
}

// A reader may deregister from the very loop that reads: go-kit deadlocks.
func TestDeregisterFromTheReadersOwnLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := NewInstancer(Fixed(set("a")), InstancerConfig{})
		defer i.Stop()
		events, done := make(chan kitsd.Event), make(chan struct{})
		go func() {
			defer close(done)
			for range events {
				i.Deregister(events)
				return
			}
		}()
		i.Register(events)
		<-done
	})
}

func TestReadersMaySortWhatTheyGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		i := NewInstancer(r, InstancerConfig{})
		defer i.Stop()
		r.sets <- set("a b c")
		a, b := make(chan kitsd.Event), make(chan kitsd.Event)
		i.Register(a)
		i.Register(b)
		clear((<-a).Instances)
		wantEvent(t, <-b, "a:80", "b:80", "c:80")
		knows(t, i, "a b c")
		heavy := set("a b c")
		heavy[0].Weight = 7
		r.sets <- heavy
		synctest.Wait()
		select {
		case e := <-a:
			t.Errorf("got %+v again, after the reader had changed its own copy", e)
		default:
		}
	})
}

func TestGoKitsEndpointerWorksOnIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRemote()
		i := NewInstancer(r, InstancerConfig{})
		defer i.Stop()
		factory := func(addr string) (endpoint.Endpoint, io.Closer, error) {
			return func(context.Context, any) (any, error) { return addr, nil }, nil, nil
		}
		e := kitsd.NewEndpointer(i, factory, log.NewNopLogger(), kitsd.InvalidateOnError(time.Second))
		defer e.Close()
		r.sets <- set("a b")
		synctest.Wait()
		r.fail <- errDown
		pass(time.Hour)
		if list, err := e.Endpoints(); len(list) != 2 || err != nil {
			t.Errorf("go-kit's endpointer has %d endpoints and error %v through an outage, want 2 and none", len(list), err)
		}
	})
}
