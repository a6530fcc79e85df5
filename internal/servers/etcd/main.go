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

	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/storage/wal"
)

// tick and election are a tenth of etcd's defaults: a lone member elects
// itself at once, and a lease may be as short as one second (etcd's floor is
// one and a half elections, rounded up).
const (
	tick     = 10  // ms
	election = 100 // ms
)

func main() {
	dir := flag.String("data-dir", "", "folder of the member's data, made if missing")
	client := flag.String("client", "127.0.0.1:2379", "host:port for clients")
	peer := flag.String("peer", "127.0.0.1:2380", "host:port for peers")
	flag.Parse()
	if err := run(*dir, *client, *peer); err != nil {
		fmt.Fprintln(os.Stderr, "etcd:", err)
		os.Exit(1)
	}
}

// run serves until a signal, then stops the member.
func run(dir, client, peer string) error {
	if dir == "" {
		return errors.New("no data folder: pass -data-dir")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	e, err := embed.StartEtcd(config(dir, client, peer))
	if err != nil {
		return fmt.Errorf("start on %s: %w", client, err)
	}
	defer e.Close()
	select {
	case <-e.Server.ReadyNotify():
		fmt.Println("ready", client)
	case err := <-e.Err():
		return fmt.Errorf("serve %s: %w", client, err)
	case <-ctx.Done():
		return nil
	}
	select {
	case err := <-e.Err():
		return fmt.Errorf("serve %s: %w", client, err)
	case <-ctx.Done():
		return nil
	}
}

// config describes a cluster of one.
func config(dir, client, peer string) *embed.Config {
	// A segment is preallocated in full, twice; tests write a few kilobytes.
	wal.SegmentSizeBytes = 1 << 20
	c, p := url.URL{Scheme: "http", Host: client}, url.URL{Scheme: "http", Host: peer}
	cfg := embed.NewConfig()
	cfg.Name = "test"
	cfg.Dir = dir
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{c}, []url.URL{c}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{p}, []url.URL{p}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.TickMs, cfg.ElectionMs = tick, election
	cfg.LogLevel = "error"
	cfg.LogOutputs = []string{"stderr"}
	// A killed process loses nothing the kernel has: only a machine that
	// goes down would, and then the test is gone too.
	cfg.UnsafeNoFsync = true
	return cfg
}
