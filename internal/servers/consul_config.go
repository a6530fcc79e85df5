package servers

import (
	"fmt"
	"strconv"
	"strings"
)

// config is the part of the configuration that no flag of Consul has.
func (o ConsulOptions) config(s site) string {
	raft := 1 // the quickest; a cluster needs patience on a small machine
	if len(s.peers) > 1 {
		raft = 2
	}
	http, https := strconv.Itoa(s.ports[0].number), "-1"
	if s.tls != nil {
		http, https = https, http
	}
	var b strings.Builder
	fmt.Fprintf(&b, `disable_update_check = true
disable_remote_exec = true
retry_interval = "200ms"
performance { raft_multiplier = %d, leave_drain_time = "1ms", rpc_hold_timeout = "1s" }
ports {
  http = %s
  https = %s
  server = %d
  serf_lan = %d
  dns = %d
  serf_wan = -1
  grpc = -1
}
`, raft, http, https, s.ports[1].number, s.ports[2].number, s.ports[3].number)
	if len(s.peers) > 1 && s.index >= 0 {
		// A server that a test has killed comes back.
		fmt.Fprintln(&b, `autopilot { cleanup_dead_servers = false, server_stabilization_time = "1s" }`)
	}
	if s.tls != nil {
		fmt.Fprintf(&b, "tls { https { ca_file = %q, cert_file = %q, key_file = %q, verify_incoming = %t } }\n",
			s.tls.CA.File, s.tls.Cert.Cert, s.tls.Cert.Key, s.tls.VerifyClients)
	}
	if o.ManagementToken != "" {
		fmt.Fprintf(&b, `acl {
  enabled = true
  default_policy = "deny"
  tokens { initial_management = %[1]q, agent = %[1]q }
}
`, o.ManagementToken)
	}
	return b.String()
}
