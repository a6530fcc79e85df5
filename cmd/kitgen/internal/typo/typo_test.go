package typo

import "testing"

func TestNearest(t *testing.T) {
	names := []string{"http", "grpc", "generate", "new", "Greet"}
	for word, want := range map[string]string{
		"gprc":     "grpc",
		"GRPC":     "grpc",
		"htp":      "http",
		"nwe":      "new",
		"genrate":  "generate",
		"genreate": "generate",
		"great":    "Greet",
		"tcp":      "",
		"thrift":   "",
		"":         "",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"ab", "ba", 1}, {"kitten", "sitting", 3}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
