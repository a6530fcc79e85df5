package consul

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/consul/api"
)

func TestTokenSources(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, tt := range []struct {
		name             string
		params           string
		cfg              Config
		env, envFile     string
		token, errorSays string
	}{
		{name: "none"},
		{name: "config", cfg: Config{Token: "c"}, env: "e", token: "c"},
		{name: "config's file", cfg: Config{TokenFile: file("cf\n")}, env: "e", token: "cf"},
		{name: "target", params: "?token=t", cfg: Config{Token: "c"}, env: "e", token: "t"},
		{name: "target's file", params: "?token-file=" + file(" tf "), cfg: Config{Token: "c"}, token: "tf"},
		{name: "environment", env: "e", token: "e"},
		{name: "environment's file", env: "e", envFile: file("ef"), token: "ef"},
		{name: "no file", cfg: Config{TokenFile: "/nowhere"}, errorSays: "/nowhere"},
		{name: "empty file", cfg: Config{TokenFile: file("\n")}, errorSays: "one token"},
		{name: "another file", cfg: Config{TokenFile: file("a\nb")}, errorSays: "one token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv(api.HTTPTokenEnvName, tt.env)
			t.Setenv(api.HTTPTokenFileEnvName, tt.envFile)
			c := &recorder{entries: oneEntry}
			target := "consul://" + record(t, c) + "/svc" + tt.params
			if tt.errorSays != "" {
				_, r := watch(t, open(t, target, tt.cfg))
				if err := r.wait(); !strings.Contains(err.Error(), tt.errorSays) {
					t.Errorf("Watch = %v, want an error that says %q", err, tt.errorSays)
				}
				return
			}
			first, second := queries(t, c, target, tt.cfg)
			if a, b := first.Header.Get("X-Consul-Token"), second.Header.Get("X-Consul-Token"); a != tt.token || b != tt.token {
				t.Errorf("it shows %q, then %q; want %q", a, b, tt.token)
			}
		})
	}
}
