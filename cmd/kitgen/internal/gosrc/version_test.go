package gosrc

import "testing"

// TestNewer has versions in their order, each above the one before it.
func TestNewer(t *testing.T) {
	versions := []string{
		"",
		"v0.0.0-20250101000000-abcdef123456",
		"v0.0.0-20250102000000-000000000000",
		"v0.1.0",
		"v1.0.0-alpha",
		"v1.0.0-alpha.1",
		"v1.0.0-alpha.beta",
		"v1.0.0-beta.2",
		"v1.0.0-beta.11",
		"v1.0.0-rc.1",
		"v1.0.0",
		"v1.0.1-0.20250101000000-abcdef123456",
		"v1.0.1",
		"v1.9.0",
		"v1.10.0-rc.1",
		"v1.10.0",
		"v1.10.1+incompatible",
		"v10.0.0",
	}
	for i, a := range versions {
		for j, b := range versions {
			if got, want := newer(a, b), i > j; a != "" && got != want {
				t.Errorf("newer(%q, %q) = %t", a, b, got)
			}
		}
	}
}
