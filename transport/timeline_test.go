package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/transport"
)

// lister is a registrar whose registry takes its time.
type lister struct {
	*fakeRegistrar
	listed func(context.Context) error
}

func (l *lister) Listed(ctx context.Context) error { return l.listed(ctx) }

func TestTimelineHasEveryStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, timeline := newRecord(), new(transport.Timeline)
		http, grpc := newFake(r, "http"), newFake(r, "grpc")
		probe := grpc.Probe
		grpc.Probe = func(ctx context.Context) error { time.Sleep(time.Second); return probe(ctx) }
		grpc.Shutdown = func(context.Context) error { time.Sleep(2 * time.Second); grpc.stop(); return nil }
		err := transport.Serve(after(t, time.Minute), transport.Config{
			Servers: []transport.Server{http.Server, grpc.Server},
			Registrar: &lister{&fakeRegistrar{record: r}, func(context.Context) error {
				time.Sleep(10 * time.Second)
				return nil
			}},
			Timeline: timeline,
		})
		if err != nil {
			t.Error(err)
		}
		want := strings.TrimPrefix(`
0s    config          -     0s
0s    listening       http  0s   http:1
0s    listening       grpc  0s   grpc:1
0s    self-probe      http  0s
0s    self-probe      grpc  1s
1s    ready           -     0s
1s    registration    -     10s
3s    serving         -     0s   not registered yet; trying on
1m0s  stopping        -     0s   context canceled
1m0s  unready         -     0s
1m0s  deregistration  -     0s
1m0s  propagation     -     3s   full time: the registrar cannot tell what callers see
1m3s  drain           http  0s
1m3s  drain           grpc  2s
1m5s  close           http  0s
1m5s  close           grpc  0s
1m5s  stopped         -     0s   exit code 0, after 5s of at most 25s`, "\n")
		if diff := cmp.Diff(want, timeline.String()); diff != "" {
			t.Errorf("timeline (-want +got):\n%s", diff)
		}
	})
}

func TestTimelineIsReadWhileItGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, timeline := newRecord(), new(transport.Timeline)
		f := newFake(r, "http")
		f.Shutdown = func(context.Context) error { time.Sleep(5 * time.Second); f.stop(); return nil }
		ended := make(chan error)
		go func() {
			ended <- transport.Serve(after(t, time.Second), transport.Config{Servers: []transport.Server{f.Server}, Propagation: -1, Timeline: timeline})
		}()
		time.Sleep(4 * time.Second)
		steps := timeline.Steps()
		last := steps[len(steps)-1]
		want := transport.Step{Name: "drain", Server: "http", At: last.At, Since: time.Second, Took: 3 * time.Second, Running: true}
		if diff := cmp.Diff(want, last); diff != "" {
			t.Errorf("three seconds into the drain (-want +got):\n%s", diff)
		}
		if text := timeline.String(); !strings.HasSuffix(text, "drain       http  3s …") {
			t.Errorf("the table:\n%s", text)
		}
		text, err := json.Marshal(last)
		if want := `"since_ns":1000000000,"took_ns":3000000000,"running":true}`; err != nil || !strings.HasSuffix(string(text), want) {
			t.Errorf("as JSON: %s, %v", text, err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestTimelineSaysWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, timeline := newRecord(), new(transport.Timeline)
		bad, odd := newFake(r, "bad"), newFake(r, "odd")
		bad.SetReady = func(bool) { panic("bad") }
		odd.SetReady = func(bool) { panic("odd") }
		bad.Probe = func(context.Context) error { return errors.New("nobody\nthere") }
		odd.Close = func() error { odd.stop(); panic("boom") }
		err := transport.Serve(t.Context(), transport.Config{Servers: []transport.Server{bad.Server, odd.Server}, Timeline: timeline})
		if err == nil {
			t.Fatal("no error")
		}
		got := map[string]string{}
		for _, s := range timeline.Steps() {
			if s.Err != "" || s.Name == "stopping" || s.Name == "stopped" {
				got[s.Name+" "+s.Server] = s.Why + s.Err
			}
		}
		want := map[string]string{
			"self-probe bad": "nobody; there",
			"stopping ":      "bad server on bad:1: self-probe: nobody; there",
			"unready ":       "bad server on bad:1: set ready false: panic: bad; odd server on odd:1: set ready false: panic: odd",
			"close odd":      "panic: boom",
			"stopped ":       "exit code 1, after 0s of at most 25s",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("failures (-want +got):\n%s", diff)
		}
	})
}

func TestTimelineOfWhatNeverBegan(t *testing.T) {
	var timeline transport.Timeline
	if got := timeline.String(); got != "" || len(timeline.Steps()) != 0 {
		t.Errorf("the zero timeline: %q", got)
	}
	if err := transport.Serve(t.Context(), transport.Config{Timeline: &timeline}); err == nil {
		t.Fatal("no servers, and no error")
	}
	if got := timeline.String(); !strings.Contains(got, "config") || !strings.Contains(got, "Config.Servers") || !strings.Contains(got, "exit code 1") {
		t.Errorf("no servers:\n%s", got)
	}
}

// TestTimelineIsSafe is for the race detector.
func TestTimelineIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		timeline := new(transport.Timeline)
		var readers sync.WaitGroup
		ctx := after(t, time.Second)
		for range 4 {
			readers.Go(func() {
				for ctx.Err() == nil {
					_ = timeline.String()
					time.Sleep(10 * time.Millisecond)
				}
			})
		}
		if err := transport.Serve(ctx, transport.Config{Servers: []transport.Server{newFake(newRecord(), "http").Server}, Timeline: timeline}); err != nil {
			t.Error(err)
		}
		readers.Wait()
	})
}
