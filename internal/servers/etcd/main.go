// Command etcd is one etcd member for tests: the real server, set up to be
// ready in a tenth of a second and to be killed without losing what it
// acknowledged. Package servers builds and drives it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
)

// settings are the flags. The defaults of tick and election are a tenth of
// etcd's: a lone member elects itself at once, and a lease may be as short as
// one second (etcd's floor is one and a half elections, rounded up).
type settings struct {
	dir, client, peer   string
	name, cluster       string
	tick, election      time.Duration
	quota               int64
	cert, key, clientCA string
}

func main() {
	var s settings
	flag.StringVar(&s.dir, "data-dir", "", "folder of the member's data, made if missing")
	flag.StringVar(&s.client, "client", "127.0.0.1:2379", "host:port for clients")
	flag.StringVar(&s.peer, "peer", "127.0.0.1:2380", "host:port for peers")
	flag.StringVar(&s.name, "name", "test", "the member's name")
	flag.StringVar(&s.cluster, "cluster", "", "all members, name=http://host:port for peers, with commas between; this one alone if empty")
	flag.DurationVar(&s.tick, "tick", 10*time.Millisecond, "time between heartbeats")
	flag.DurationVar(&s.election, "election", 100*time.Millisecond, "time without a heartbeat before a follower stands for election")
	flag.Int64Var(&s.quota, "quota", 0, "bytes of the backend before an alarm is raised; etcd's default if 0")
	flag.StringVar(&s.cert, "cert", "", "certificate shown to clients (PEM), who then must speak TLS")
	flag.StringVar(&s.key, "key", "", "its key (PEM)")
	flag.StringVar(&s.clientCA, "client-ca", "", "CA that clients must have a certificate of (PEM); none needed if empty")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		os.Exit(1)
	}
}

// run serves until a signal, then stops the member.
func run(s settings) error {
	if s.dir == "" {
		return errors.New("no data folder: pass -data-dir")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	e, err := embed.StartEtcd(s.config())
	if err != nil {
		return fmt.Errorf("start on %s: %w", s.client, err)
	}
	defer e.Close()
	select {
	case <-e.Server.ReadyNotify():
		fmt.Println("ready", s.client)
	case err := <-e.Err():
		return fmt.Errorf("serve %s: %w", s.client, err)
	case <-ctx.Done():
		return nil
	}
	select {
	case err := <-e.Err():
		return fmt.Errorf("serve %s: %w", s.client, err)
	case <-ctx.Done():
		return nil
	}
}

// config describes a member, by default of a cluster of one.
func (s settings) config() *embed.Config {
	// A segment is preallocated in full, twice; tests write a few kilobytes.
	wal.SegmentSizeBytes = 1 << 20
	c, p := url.URL{Scheme: "http", Host: s.client}, url.URL{Scheme: "http", Host: s.peer}
	cfg := embed.NewConfig()
	if s.cert != "" {
		c.Scheme = "https"
		cfg.ClientTLSInfo.CertFile, cfg.ClientTLSInfo.KeyFile = s.cert, s.key
		cfg.ClientTLSInfo.TrustedCAFile, cfg.ClientTLSInfo.ClientCertAuth = s.clientCA, s.clientCA != ""
	}
	cfg.Name = s.name
	cfg.Dir = s.dir
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{c}, []url.URL{c}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{p}, []url.URL{p}
	cfg.InitialCluster = s.cluster
	if s.cluster == "" {
		cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	}
	cfg.TickMs, cfg.ElectionMs = uint(s.tick.Milliseconds()), uint(s.election.Milliseconds())
	cfg.QuotaBackendBytes = s.quota
	cfg.BcryptCost = 4 // the least: nobody is kept out of a test's etcd
	cfg.LogLevel = "error"
	cfg.LogOutputs = []string{"stderr"}
	// A killed process loses nothing the kernel has: only a machine that
	// goes down would, and then the test is gone too.
	cfg.UnsafeNoFsync = true
	return cfg
}
