package localetcd

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/embed"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// Command is kitgen etcd.
func Command() *cobra.Command {
	var dir, listen, peer string
	cmd := &cobra.Command{
		Use:   "etcd",
		Short: "Run the built-in etcd on loopback, for local tries only",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for flag, addr := range map[string]string{"--listen": listen, "--listen-peer": peer} {
				if _, _, err := net.SplitHostPort(addr); err != nil {
					return console.UsageError{Err: fmt.Errorf("%s: %w; pass host:port", flag, err)}
				}
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return serve(ctx, dir, listen, peer)
		},
	}
	cmd.Flags().StringVar(&dir, "data-dir", "", "where its data stays between runs (a temporary directory, removed at the end, if empty)")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:2379", "address for clients")
	cmd.Flags().StringVar(&peer, "listen-peer", "127.0.0.1:0", "address for peers, of which there are none")
	return cmd
}

func serve(ctx context.Context, dir, listen, peer string) error {
	if dir == "" {
		tmp, err := os.MkdirTemp("", "kitgen-etcd-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(tmp) }()
		dir = tmp
	}
	cfg := embed.NewConfig()
	// What goes wrong is returned; etcd would also log every stop as an error.
	cfg.Dir, cfg.LogLevel, cfg.LogOutputs = dir, "panic", []string{"stderr"}
	client, peerURL := url.URL{Scheme: "http", Host: listen}, url.URL{Scheme: "http", Host: peer}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{peerURL}, []url.URL{peerURL}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return console.EnvironmentError{Err: fmt.Errorf("--listen %s, --listen-peer %s: %w; if another etcd has the address, pass a free one", listen, peer, err)}
	}
	defer e.Close()
	select {
	case <-e.Server.ReadyNotify():
		fmt.Fprintf(os.Stderr, "etcd is ready on %s\n", listen)
	case err := <-e.Err():
		return err
	case <-ctx.Done():
		return nil
	}
	select {
	case err := <-e.Err():
		return err
	case <-ctx.Done():
		return nil
	}
}
