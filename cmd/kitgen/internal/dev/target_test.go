package dev

import "testing"

func TestAt(t *testing.T) {
	for base, want := range map[string]string{
		"etcd://h:1":             "etcd://h:1/greeter",
		"etcd://h:1/":            "etcd://h:1/greeter",
		"etcd://h:1/prod":        "etcd://h:1/prod/greeter",
		"etcd://h:1/greeter":     "etcd://h:1/greeter",
		"etcd://h:1?ttl=6s":      "etcd://h:1/greeter?ttl=6s",
		"consul://h:1/?a=b&c=%2": "consul://h:1/greeter?a=b&c=%2",
	} {
		if got := At(base, "greeter"); got != want {
			t.Errorf("greeter in %s is %s, want %s", base, got, want)
		}
	}
}
