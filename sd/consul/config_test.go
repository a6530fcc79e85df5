package consul

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

func TestBadConfigIsAnErrorThatNamesTheMend(t *testing.T) {
	c := connect(t, "127.0.0.1:1")
	for _, tt := range []struct {
		client  *api.Client
		service string
		cfg     Config
		says    string
	}{
		{nil, "svc", Config{}, "api.NewClient"},
		{c, "", Config{}, "addsvc"},
		{c, "a/b", Config{}, "letters"},
		{c, "../kv", Config{}, "letters"},
		{c, "a?dc=other", Config{}, "letters"},
		{c, "-a", Config{}, "letters"},
		{c, strings.Repeat("a", 129), Config{}, "letters"},
		{c, "svc", Config{TTL: time.Second}, "15s"},
		{c, "svc", Config{TTL: -1}, "15s"},
		{c, "svc", Config{DeregisterAfter: time.Second}, "10m"},
		{c, "svc", Config{Wait: -1}, "55s"},
		{c, "svc", Config{Wait: time.Hour}, "55s"},
	} {
		for name, err := range map[string]error{
			"Watch": NewWatcher(tt.client, tt.service, tt.cfg).Watch(t.Context(), nil),
			"Hold":  NewHolder(tt.client, tt.service, tt.cfg).Hold(t.Context(), instance("a"), nil),
		} {
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%s with %q, %+v = %v, want an error that says %q", name, tt.service, tt.cfg, err, tt.says)
			}
		}
	}
}

func TestGoodServiceNames(t *testing.T) {
	for _, name := range []string{"a", "addsvc", "add-svc_2.v1", "A9", strings.Repeat("a", 128)} {
		if !fitsPath(name) {
			t.Errorf("%q is refused", name)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	c := connect(t, "127.0.0.1:1")
	if err := NewWatcher(c, "svc", Config{}).Watch(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "svc") {
		t.Errorf("Watch = %v, want an error that names the service", err)
	}
	if err := NewHolder(c, "svc", Config{}).Hold(t.Context(), instance("a"), nil); err == nil || !strings.Contains(err.Error(), "svc") {
		t.Errorf("Hold = %v, want an error that names the service", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewHolder(c, "svc", Config{}).Hold(ctx, instance("a"), nil); err != nil {
		t.Errorf("Hold after ctx ended = %v, want nil: there is nothing to leave", err)
	}
	if err := NewHolder(c, "svc", Config{}).Hold(t.Context(), sd.Instance{}, nil); err == nil {
		t.Error("Hold of an instance without address = nil")
	}
}
