package servers

import (
	"context"
	"net/http"
)

// StartEtcd runs an etcd member, a cluster of its own, and returns when it
// serves. ctx bounds the start (a first one builds the binary). The caller
// closes the Process.
func StartEtcd(ctx context.Context, opts Options) (*Process, error) {
	return start(ctx, etcdKind(), opts)
}

func etcdKind() kind {
	return kind{
		source: source{
			name:    "etcd",
			pkg:     ".",
			waiting: "building etcd 3.6.16 for the tests: about a minute, once",
		},
		ports: 2,
		args: func(data string, ports []*port) []string {
			return []string{"-data-dir", data, "-client", ports[0].addr(), "-peer", ports[1].addr()}
		},
		// The health page answers 200 once there is a leader that reads.
		ready: func(ctx context.Context, c *http.Client, addr string) error {
			_, err := get(ctx, c, "http://"+addr+"/health")
			return err
		},
	}
}
