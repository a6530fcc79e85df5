package consul

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/hashicorp/consul/api"
)

// registry is one service's place in Consul.
type registry struct {
	client  *api.Client // or:
	remote  *remote     // from which every session makes its own
	service string
	cfg     Config
	seed    uint64 // of the order that Limit picks by
}

func newRegistry(c *api.Client, service string, cfg Config) registry {
	return registry{client: c, service: service, cfg: cfg.withDefaults(), seed: rand.Uint64()}
}

// check says what is wrong with how the registry was made. Constructors cannot.
func (r *registry) check() error {
	switch {
	case r.client == nil && r.remote == nil:
		return errors.New("consul client is nil: make one with api.NewClient")
	case !fitsPath(r.service):
		return fmt.Errorf("service name %.128q does not fit into Consul's paths: use letters, digits, dots, underscores and dashes, such as \"addsvc\"", r.service)
	}
	return r.cfg.check()
}

// fitsPath tells whether a service name fits into Consul's paths and DNS names.
func fitsPath(name string) bool {
	alnum := func(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' }
	if name == "" || len(name) > 128 || !alnum(name[0]) || !alnum(name[len(name)-1]) {
		return false
	}
	for _, c := range []byte(name) {
		if !alnum(c) && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// session is the registry while one Watch or Hold lasts. One goroutine uses it
// at a time.
type session struct {
	registry

	token string // "" for the client's own
}

// begin checks the registry and opens a session; end closes what it opened.
func (r *registry) begin() (s *session, end func(), err error) {
	if err := r.check(); err != nil {
		return nil, nil, err
	}
	s = &session{registry: *r}
	if s.remote == nil {
		return s, func() {}, nil
	}
	if s.cfg.Token == "" && s.cfg.TokenFile == "" {
		if s.cfg.TokenFile = os.Getenv(api.HTTPTokenFileEnvName); s.cfg.TokenFile == "" {
			s.cfg.Token = os.Getenv(api.HTTPTokenEnvName)
		}
	}
	if err := s.refresh(); err != nil {
		return nil, nil, err
	}
	s.client, end, err = s.remote.open(s.token, s.cfg.TLS)
	return s, end, err
}

// maxToken is far beyond any token; a file that is longer is another one.
const maxToken = 4 << 10

// refresh reads the token anew. A file that cannot be read, or is empty because
// somebody is about to write it, is an error and changes nothing.
func (s *session) refresh() error {
	if s.cfg.TokenFile == "" {
		s.token = s.cfg.Token
		return nil
	}
	b, err := os.ReadFile(s.cfg.TokenFile)
	if err != nil {
		return fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(b))
	if token == "" || len(token) > maxToken || strings.ContainsAny(token, "\r\n\x00") {
		return fmt.Errorf("read the token: %s should hold one token on one line", s.cfg.TokenFile)
	}
	s.token = token
	return nil
}

// options are those of every request.
func (s *session) options(ctx context.Context) *api.QueryOptions {
	return (&api.QueryOptions{Token: s.token, Namespace: s.cfg.Namespace, Partition: s.cfg.Partition}).WithContext(ctx)
}

// hint adds to a refusal by Consul's access control what would mend it.
func (s *session) hint(err error) error {
	if status, ok := errors.AsType[api.StatusError](err); !ok || status.Code != 403 {
		return err
	}
	return fmt.Errorf("%w (the token, from %s, needs a policy such as those in sd/consul/policy)", err, cmp.Or(s.cfg.TokenFile, "Config.Token or the client"))
}
