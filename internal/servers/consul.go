package servers

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strconv"
)

// StartConsul runs a Consul agent, a server of its own data centre, and returns
// when its catalogue answers. ctx bounds the start (a first one builds the
// binary). The caller closes the Process.
func StartConsul(ctx context.Context, opts Options) (*Process, error) {
	return start(ctx, consulKind(), opts)
}

func consulKind() kind {
	return kind{
		source: source{
			name: "consul",
			pkg:  "github.com/hashicorp/consul",
			// Its module is no part of the workspace: it needs older
			// dependencies than the rest of this repository.
			env:     []string{"GOWORK=off", "GOFLAGS=-mod=mod"},
			waiting: "building Consul 1.13.9 for the tests: about five minutes, once",
		},
		ports: 3,
		args:  consulArgs,
		ready: func(ctx context.Context, c *http.Client, addr string) error {
			b, err := get(ctx, c, "http://"+addr+"/v1/health/service/consul?passing")
			if err != nil {
				return err
			}
			if !bytes.Contains(b, []byte(consulNode)) {
				return errors.New("the catalogue does not have its own server yet")
			}
			return nil
		},
	}
}

// consulNode is the agent's name in its own catalogue.
const consulNode = "test-node"

// consulArgs sets up a single server that keeps its data, unlike -dev, with
// everything off that would use a port we did not reserve.
func consulArgs(data string, ports []*port) []string {
	config := `disable_update_check = true
disable_remote_exec = true
performance { raft_multiplier = 1, leave_drain_time = "1ms", rpc_hold_timeout = "1s" }
ports {
  http = ` + strconv.Itoa(ports[0].number) + `
  server = ` + strconv.Itoa(ports[1].number) + `
  serf_lan = ` + strconv.Itoa(ports[2].number) + `
  serf_wan = -1
  dns = -1
  grpc = -1
  https = -1
}`
	return []string{
		"agent", "-server", "-bootstrap", "-node", consulNode,
		"-bind", "127.0.0.1", "-client", "127.0.0.1",
		"-data-dir", data, "-log-level", "warn", "-hcl", config,
	}
}
