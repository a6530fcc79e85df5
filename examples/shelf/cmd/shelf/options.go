package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/transport/kittls"
)

// options are what can be set when the program starts.
type options struct {
	httpAddr string
	grpcAddr string

	advertise, registry string
	debugAddr           string
	debugPublic         bool
	cert, key, clientCA string
}

// none is a registry, or an address, that is not to be.
const none = "none"

// parse takes each option from its flag, or else from its variable: that of
// -grpc-addr is SHELF_GRPC_ADDR.
func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("shelf", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.httpAddr, "http-addr", ":8080", "serve HTTP on this `address`; :0 takes any free port")
	flags.StringVar(&o.grpcAddr, "grpc-addr", ":8081", "serve gRPC on this `address`; :0 takes any free port")
	flags.StringVar(&o.advertise, "advertise", "", "`host` that others reach this one by; found out if empty, and never the loopback unless you say so")
	flags.StringVar(&o.registry, "registry", "etcd://127.0.0.1:2379/shelf", "`target` to register at: etcd://host:port,…/shelf, consul://host:port/shelf, or none")
	flags.StringVar(&o.debugAddr, "debug-addr", "127.0.0.1:0", "show what the process is doing at /debug/kit of this `address`, and its metrics at /metrics; or none")
	flags.BoolVar(&o.debugPublic, "debug-public", false, "let other machines see that, too")
	flags.StringVar(&o.cert, "tls-cert", "", "PEM `file` of the certificate, read anew when it changes; plain text if empty")
	flags.StringVar(&o.key, "tls-key", "", "PEM `file` of its key")
	flags.StringVar(&o.clientCA, "tls-client-ca", "", "PEM `file` of the CAs that vouch for clients, who must then show a certificate")

	unfit := environment(flags, "SHELF_")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	if o.registry == none && o.advertise == "" {
		o.advertise = "localhost" // nobody is told
	}
	return o, unfit
}

// environment sets the flags whose variables are there, and has -h name those.
func environment(flags *flag.FlagSet, prefix string) error {
	var unfit []error
	flags.VisitAll(func(f *flag.Flag) {
		name := prefix + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		f.Usage += " ($" + name + ")"
		if value, ok := os.LookupEnv(name); ok {
			if err := f.Value.Set(value); err != nil {
				unfit = append(unfit, fmt.Errorf("%s=%q: %w", name, value, err))
			}
		}
	})
	return errors.Join(unfit...)
}

// certificates is with which clients must talk; nil is plain text.
func certificates(o options, logger log.Logger) (*tls.Config, error) {
	var certs *tls.Config
	if o.cert != "" || o.key != "" || o.clientCA != "" {
		server, err := kittls.Server(kittls.ServerConfig{Cert: o.cert, Key: o.key, ClientCA: o.clientCA, Logger: logger})
		if err != nil {
			return nil, fmt.Errorf("-tls-cert, -tls-key, -tls-client-ca: %w", err)
		}
		certs = server.TLS()
	}
	return certs, nil
}
