package call

import (
	"fmt"
	"math"
	"net"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// options are the flags of kitgen call.
type options struct {
	load
	security
	over, registry, addr, data string
	lines                      []string // headers
	within                     time.Duration

	headers headers
	listed  string // target that the command line begins with
}

// Command is kitgen call.
func Command(con *console.Console) *cobra.Command { return new(options).command(con) }

func (o *options) command(con *console.Console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "call [TARGET] [SERVICE] [METHOD] [NAME=VALUE... | JSON | @FILE]",
		Short: "Call a method of a service, once or many times; or list its methods",
		Long: `Calls a method of the service here as its generated client would: instances
are found in the registry, balanced, tried again and avoided by the same
policies. Arguments are checked against the interface first. The answer is
JSON, the same over HTTP and gRPC but for enums that have a text of their own:
over HTTP they are that, over gRPC numbers, or names when they are given.

Lists are written with commas, everything else that is no scalar in JSON; or
all of it as one JSON object. In the directory of a kitgen dev session its
registry is used; else the one that the service uses by itself.

With a TARGET, such as etcd://127.0.0.1:2379/greeter or host:port, calls who is
there. If it names no service that is here, the server is asked what it serves
(gRPC reflection). Without a METHOD, lists what there is. A METHOD that needs a
request and is given none prints an example of one.

Streams are JSON, an object on each line: those from the server are printed as
they come, those to it are read from stdin or @FILE and sent as they are read.
Ctrl-C ends them.

With -n, counts who answered, and how fast; Ctrl-C ends that early. Exit codes:
1 if a call failed, 4 if the method or an argument is wrong, 6 if there is
nobody to call.`,
		Example: `  kitgen call Greet name=Ada
  kitgen call Greet name=Ada -n 300
  kitgen call addsvc Sum a=1 b=2 --over http
  kitgen call CreateUser @user.json -H 'authorization: Bearer …' --timeout 2s
  kitgen call Watch symbols=GOOG,AAPL
  kitgen call Report < trades.ndjson
  kitgen call consul://127.0.0.1:8500/billing
  kitgen call 10.0.0.7:8081 Charge '{"cents":100}' --tls-ca ca.crt --tls-server dns:billing.prod`,
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), con, args) },
	}
	f := cmd.Flags()
	f.IntVarP(&o.calls, "calls", "n", 1, "how many calls")
	f.IntVarP(&o.workers, "concurrency", "c", 10, "calls at a time")
	f.Float64Var(&o.rate, "rate", 0, "calls per second (as fast as they go if not set)")
	f.StringVar(&o.over, "over", "", "http or grpc (grpc if not set and the method is served over it)")
	f.StringVar(&o.registry, "registry", "", "where to look for instances of a service that is here, such as etcd://127.0.0.1:2379/greeter")
	f.StringVar(&o.addr, "addr", "", "call these instances of a service that is here, host:port with commas between, without a registry")
	f.StringVar(&o.data, "data", "", "arguments as a JSON object, or @FILE with one; @- is stdin")
	f.StringArrayVarP(&o.lines, "header", "H", nil, "send this header, over gRPC as metadata: 'name: value'; may be repeated")
	f.DurationVar(&o.within, "timeout", 0, "how long the call may take, streams included, in place of the client's own limits")
	f.StringVar(&o.ca, "tls-ca", "", "PEM file of the CAs that vouch for who answers (the system's if not set)")
	f.StringVar(&o.cert, "tls-cert", "", "PEM file of the caller's certificate")
	f.StringVar(&o.key, "tls-key", "", "PEM file of its key")
	f.StringArrayVar(&o.servers, "tls-server", nil, "who must answer, such as dns:greeter.prod.example or spiffe://prod.example/greeter (the host of a TARGET that is host:port if not set)")
	return cmd
}

func (o *options) check() (err error) {
	switch {
	case o.calls < 1 || o.workers < 1 || o.rate < 0 || math.IsNaN(o.rate):
		return misuse("-n and -c want a number from 1, and --rate none below 0")
	case o.over != "" && o.over != "http" && o.over != "grpc":
		return misuse("--over %s: write http or grpc", o.over)
	case o.addr != "" && o.registry != "":
		return misuse("--addr and --registry: give one of them")
	case o.within < 0:
		return misuse("--timeout %s: write a time above 0, such as 2s", o.within)
	}
	o.headers, err = readHeaders(o.lines)
	return err
}

// sort takes from words the target that they begin with, and the data of the request.
func (o *options) sort(words []string) (rest []string, err error) {
	if len(words) > 0 {
		o.listed = targetOf(words[0])
	}
	if o.listed != "" {
		words = words[1:]
		if o.addr != "" || o.registry != "" {
			return nil, misuse("--addr and --registry say where a service is that is here: give one of them, or a TARGET")
		}
	}
	for _, word := range words {
		if !strings.HasPrefix(word, "{") && !strings.HasPrefix(word, "@") {
			rest = append(rest, word)
			continue
		}
		if o.data != "" {
			return nil, misuse("%.40s: there is data already; give one JSON object, or one @FILE", word)
		}
		o.data = word
	}
	return rest, nil
}

// targetOf is the target that a word is; empty if it is none.
func targetOf(word string) string {
	if strings.Contains(word, "://") {
		return word
	}
	if host, port, err := net.SplitHostPort(word); err == nil && host != "" && port != "" && !strings.ContainsAny(word, "=/{") {
		return "static://" + word
	}
	return ""
}

func misuse(format string, args ...any) error {
	return console.UsageError{Err: fmt.Errorf(format, args...)}
}
