package etcd

import (
	"context"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/sd"
)

func TestBadConfigIsAnErrorThatNamesTheMend(t *testing.T) {
	c := connect(t, "127.0.0.1:1")
	for _, tt := range []struct {
		client  *clientv3.Client
		service string
		cfg     Config
		says    string
	}{
		{nil, "svc", Config{}, "clientv3.New"},
		{c, "", Config{}, "addsvc"},
		{c, "svc", Config{TTL: time.Second}, "15s"},
		{c, "svc", Config{TTL: -1}, "15s"},
		{c, "svc", Config{Resync: -1}, "leave it zero"},
	} {
		for name, err := range map[string]error{
			"Watch": NewWatcher(tt.client, tt.service, tt.cfg).Watch(t.Context(), nil),
			"Hold":  NewHolder(tt.client, tt.service, tt.cfg).Hold(t.Context(), instance("a"), nil),
		} {
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s with %+v = %v, want an error that says %q", name, tt.cfg, err, tt.says)
			}
		}
	}
}

func TestBadInstanceIsAnError(t *testing.T) {
	h := NewHolder(connect(t, "127.0.0.1:1"), "svc", Config{})
	if err := h.Hold(t.Context(), sd.Instance{ID: "a"}, nil); err == nil || !strings.Contains(err.Error(), "Addr") {
		t.Errorf("Hold of an instance without address = %v", err)
	}
}

func TestClientThatIsNotConnected(t *testing.T) {
	c := clientv3.NewCtxClient(t.Context())
	s := NewWatcher(c, "svc", Config{})
	s.wake()
	st := s.watch(t.Context(), nil, 0)
	if _, ok := <-st.responses; ok || st.err == nil {
		t.Errorf("watch by such a client: %v", st.err)
	}
}

func TestNothingHappensWithoutNetwork(t *testing.T) {
	c := connect(t, "127.0.0.1:1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewWatcher(c, "svc", Config{}).Watch(ctx, nil); err == nil {
		t.Error("Watch after ctx ended = nil")
	}
	if err := NewHolder(c, "svc", Config{}).Hold(ctx, instance("a"), nil); err != nil {
		t.Errorf("Hold after ctx ended = %v, want nil: there is nothing to leave", err)
	}
}
