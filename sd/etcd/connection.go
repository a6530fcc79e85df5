package etcd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"
)

// Connection says how etcd is reached. Files are read anew with every
// connection that is made, so what is replaced on disk needs no restart. The
// zero value names no etcd; printed in any way it shows no password.
type Connection struct {
	Endpoints []string // host:port of each member
	User      string   // who to authenticate as; nobody if empty
	Password  string   // of User
	// PasswordFile holds the password of User instead; white space around it
	// does not count.
	PasswordFile string
	TLS          bool   // speak TLS (1.2 or newer); also if one of those below is set
	CA           string // file of PEM certificates that may sign the server's; the system's if empty
	Cert, Key    string // files of a PEM certificate and its key, to show to a server that asks; both or neither
	ServerName   string // in the server's certificate; the host of the endpoint if empty
}

// ClientConfig is ClientConfig(c.Endpoints...) with c's credentials, for
// clientv3.New and whatever else is to be set first. It reads the files once,
// and says what is wrong with them; each later TLS handshake of the client
// reads the newest again, but the password stays what it was.
func (c Connection) ClientConfig() (clientv3.Config, error) {
	cfg, _, err := c.config()
	return cfg, err
}

func (c Connection) config() (cfg clientv3.Config, tls *reloading, err error) {
	if err := c.check(); err != nil {
		return cfg, nil, err
	}
	password, err := c.password()
	if err != nil {
		return cfg, nil, err
	}
	if c.secure() {
		tls = &reloading{conn: c}
		if _, err := tls.config(); err != nil {
			return cfg, nil, err
		}
	}
	cfg = ClientConfig(c.Endpoints...)
	cfg.Username, cfg.Password = c.User, password
	if tls != nil {
		cfg.DialOptions = append(cfg.DialOptions, grpc.WithTransportCredentials(tls))
	}
	return cfg, tls, nil
}

// Dial makes a client, which the caller closes. Only with a User does it touch
// the network, to authenticate, until ctx ends but for at most five seconds.
func (c Connection) Dial(ctx context.Context) (*clientv3.Client, error) {
	client, _, err := c.dial(ctx)
	return client, err
}

func (c Connection) dial(ctx context.Context) (*clientv3.Client, *reloading, error) {
	cfg, tls, err := c.config()
	if err != nil {
		return nil, nil, err
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cfg.Context = life
	stop := context.AfterFunc(ctx, cancel)
	client, err := clientv3.New(cfg)
	if !stop() {
		if err == nil {
			_ = client.Close()
		}
		err = context.Cause(ctx)
	}
	if err != nil {
		cancel()
		return nil, nil, fmt.Errorf("connect to etcd at %s: %w", strings.Join(c.Endpoints, ","), tls.explain(err))
	}
	return client, tls, nil
}

func (c Connection) secure() bool {
	return c.TLS || c.CA != "" || c.Cert != "" || c.Key != "" || c.ServerName != ""
}

// check says what does not fit together, without a look at any file.
func (c Connection) check() error {
	switch {
	case len(c.Endpoints) == 0 || slices.Contains(c.Endpoints, ""):
		return errors.New("etcd Connection.Endpoints is empty or has an empty element: name the host:port of each member")
	case c.Cert != "" && c.Key == "":
		return fmt.Errorf("there is a certificate (%q) without its key: set Key (key=FILE in a target) too", c.Cert)
	case c.Cert == "" && c.Key != "":
		return fmt.Errorf("there is a key (%q) without its certificate: set Cert (cert=FILE in a target) too", c.Key)
	case c.Password != "" && c.PasswordFile != "":
		return fmt.Errorf("there is a password and a file of one (%q): keep one of them", c.PasswordFile)
	case c.User == "" && (c.Password != "" || c.PasswordFile != ""):
		return errors.New("there is a password and nobody whose it is: set User (user=NAME in a target) too")
	case c.User != "" && c.Password == "" && c.PasswordFile == "":
		return fmt.Errorf("user %q has no password: set PasswordFile (password-file=FILE in a target)", c.User)
	}
	return nil
}

func (c Connection) password() (string, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	b, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("read the password of user %q: %w", c.User, err)
	}
	password := strings.TrimSpace(string(b))
	if password == "" {
		return "", fmt.Errorf("password file %s is empty: write the password of user %q into it", c.PasswordFile, c.User)
	}
	return password, nil
}

// String shows everything but the password.
func (c Connection) String() string {
	type plain Connection // without this method
	if c.Password != "" {
		c.Password = "xxxxx"
	}
	return fmt.Sprintf("%+v", plain(c))
}

// GoString keeps the password out of %#v.
func (c Connection) GoString() string { return fmt.Sprintf("etcd.Connection(%q)", c.String()) }

// MarshalText keeps the password out of JSON and structured logs.
func (c Connection) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
