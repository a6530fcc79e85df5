package etcd

import (
	"strings"
	"testing"
)

func TestKeys(t *testing.T) {
	for _, tt := range []struct{ namespace, service, id, key string }{
		{"kitgen", "addsvc", "addsvc-web1-9f86", "/kitgen/addsvc/addsvc-web1-9f86"},
		{"a/b", "s c", "10.0.0.1:80", "/a%2Fb/s%20c/10.0.0.1:80"},
		{"%", "ü", "[::1]:80", "/%25/%C3%BC/%5B::1%5D:80"},
		{"n", "s", "..", "/n/s/.."},
	} {
		prefix := prefixOf(tt.namespace, tt.service)
		if got := keyOf(prefix, tt.id); got != tt.key {
			t.Errorf("key of %q in %q = %s, want %s", tt.id, prefix, got, tt.key)
		}
		if got, err := idOf(prefix, tt.key); got != tt.id || err != nil {
			t.Errorf("idOf(%s) = %q, %v; want %q", tt.key, got, err, tt.id)
		}
	}
}

func TestServiceIsNoPrefixOfAnother(t *testing.T) {
	if other := keyOf(prefixOf("n", "user-admin"), "x"); strings.HasPrefix(other, prefixOf("n", "user")) {
		t.Errorf("%s is listed for service user", other)
	}
}

func TestIDOfRefuses(t *testing.T) {
	for _, key := range []string{"/n/s/", "/n/s/a/b", "/n/s/a/", "/n/s/%", "/n/s/%zz", "/n/other/a", ""} {
		if id, err := idOf("/n/s/", key); err == nil {
			t.Errorf("idOf(%q) = %q, want an error", key, id)
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add("kitgen", "addsvc", "a/b")
	f.Add("", "\xff", "%2e%2e")
	f.Fuzz(func(t *testing.T, namespace, service, id string) {
		prefix := prefixOf(namespace, service)
		got, err := idOf(prefix, keyOf(prefix, id))
		if id == "" {
			return // Validate refuses it
		}
		if err != nil || got != id {
			t.Fatalf("ID %q came back as %q, %v", id, got, err)
		}
		if strings.Count(prefix, "/") != 3 {
			t.Fatalf("prefix %q has other than three slashes", prefix)
		}
	})
}
