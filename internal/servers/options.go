package servers

import (
	"fmt"
	"io"
	"os"
	"time"
)

// Options says how to run a server. The zero value is a good default.
type Options struct {
	Dir      string    // data and logs; a temporary folder, removed at the end, if empty
	Progress io.Writer // hears about builds; os.Stderr if nil
	TLS      *TLS      // how clients reach it; in the clear if nil. ZooKeeper has none.

	Etcd   EtcdOptions   // what only etcd has
	Consul ConsulOptions // what only Consul has
}

// TLS says that a server speaks TLS to its clients, and nothing else. Between
// themselves, members of a cluster speak in the clear.
type TLS struct {
	CA            *CA  // issues certificates; whom clients and servers trust
	Cert          Pair // the server's; if empty, one for 127.0.0.1 and localhost, good for a day, issued by CA
	VerifyClients bool // clients must show a certificate of CA
}

// EtcdOptions is what only etcd has.
type EtcdOptions struct {
	RootPassword string        // turns authentication on, with this password of the user root; off if empty
	Quota        int64         // bytes of the backend before the NOSPACE alarm is raised; etcd's 2 GiB if zero
	Tick         time.Duration // between heartbeats; 10 ms if zero, 50 ms in a cluster
	Election     time.Duration // without a heartbeat, before a follower stands; ten ticks if zero
}

// ConsulOptions is what only Consul has.
type ConsulOptions struct {
	ManagementToken string // turns ACLs on, denying by default, with this token (a UUID) for everything; off if empty
	Config          string // HCL that is added to ours, and wins
}

func (o Options) progress() io.Writer {
	if o.Progress == nil {
		return os.Stderr
	}
	return o.Progress
}

// folder is where a server, or a cluster of them, keeps its files, and whether
// to remove it at the end.
func (o Options) folder(name string) (dir string, own bool, err error) {
	if o.Dir != "" {
		return o.Dir, false, nil
	}
	if dir, err = os.MkdirTemp("", "kitgen-"+name+"-"); err != nil {
		return "", false, fmt.Errorf("start %s: %w", name, err)
	}
	return dir, true, nil
}
