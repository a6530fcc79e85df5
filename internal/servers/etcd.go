package servers

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// StartEtcd runs an etcd member, a cluster of its own, and returns when it
// serves. ctx bounds the start (a first one builds the binary). The caller
// closes the Process.
func StartEtcd(ctx context.Context, opts Options) (*Process, error) {
	return start(ctx, etcdKind(opts, 1), opts)
}

// StartEtcdCluster runs an etcd of n members and returns when all of them serve
// and follow one leader. ctx bounds the start. The caller closes the Cluster.
//
// A member whose data was wiped is refused by the others, as etcd does it,
// until a client has removed it and added it again.
func StartEtcdCluster(ctx context.Context, n int, opts Options) (*Cluster, error) {
	return startCluster(ctx, etcdKind(opts, n), n, opts)
}

func etcdKind(opts Options, members int) kind {
	o := opts.Etcd
	k := kind{
		name: "etcd",
		program: source{
			name:    "etcd",
			pkg:     ".",
			waiting: "building etcd 3.6.16 for the tests: about a minute, once",
		}.binary,
		ports: 2,
		args:  o.args,
		// The health page answers 200 once there is a leader that reads. One
		// that has no space left still reads.
		settle: func(ctx context.Context, p probe) error {
			if _, err := p.get(ctx, "/health?exclude=NOSPACE"); err != nil {
				return err
			}
			return o.authenticated(ctx, p)
		},
		view: o.view,
	}
	k.ready = k.settle
	if members > 1 {
		k.ready = etcdMemberReady
	}
	return k
}

func (o EtcdOptions) args(s site) ([]string, error) {
	tick := cmp.Or(o.Tick, 10*time.Millisecond)
	if len(s.peers) > 1 {
		// So many processes get their turn late on a small machine.
		tick = cmp.Or(o.Tick, 50*time.Millisecond)
	}
	args := []string{
		"-data-dir", s.data, "-client", s.ports[0].addr(), "-peer", s.ports[1].addr(),
		"-tick", tick.String(), "-election", cmp.Or(o.Election, 10*tick).String(),
		"-quota", strconv.FormatInt(o.Quota, 10),
	}
	if len(s.peers) > 1 {
		members := make([]string, len(s.peers))
		for i, ports := range s.peers {
			members[i] = etcdName(i) + "=http://" + ports[1].addr()
		}
		args = append(args, "-name", etcdName(s.index), "-cluster", strings.Join(members, ","))
	}
	if s.tls != nil {
		args = append(args, "-cert", s.tls.Cert.Cert, "-key", s.tls.Cert.Key)
		if s.tls.VerifyClients {
			args = append(args, "-client-ca", s.tls.CA.File)
		}
	}
	return args, nil
}

func etcdName(i int) string { return fmt.Sprintf("test-%d", i) }

// etcdMemberReady returns nil once a member answers. One that has just been
// started does not, before it has met half of its cluster: where that cannot
// be, it is ready when it listens.
func etcdMemberReady(ctx context.Context, p probe) error {
	err := p.serves(ctx, p.site.index)
	if err == nil {
		return nil
	}
	var up atomic.Int32
	var wg sync.WaitGroup
	for i := range p.site.peers {
		if i != p.site.index {
			wg.Go(func() {
				if p.serves(ctx, i) == nil {
					up.Add(1)
				}
			})
		}
	}
	wg.Wait()
	if int(up.Load())+1 > len(p.site.peers)/2 {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.site.ports[0].addr())
	if err != nil {
		return err
	}
	return conn.Close()
}

// serves says whether a member answers, even from what it alone knows.
func (p probe) serves(ctx context.Context, member int) error {
	ctx, cancel := context.WithTimeout(ctx, 400*time.Millisecond)
	defer cancel()
	_, err := p.at(p.site.peers[member][0]).get(ctx, "/health?exclude=NOSPACE&serializable=true")
	return err
}

// view asks by etcd's JSON gateway, which spares this package a client.
func (o EtcdOptions) view(ctx context.Context, p probe) (self, leader string, err error) {
	if p, err = o.login(ctx, p); err != nil && !isOff(err) {
		return "", "", err
	}
	var status struct {
		Header struct {
			Self string `json:"member_id"`
		} `json:"header"`
		Leader string `json:"leader"`
	}
	err = p.post(ctx, "/v3/maintenance/status", struct{}{}, &status)
	return status.Header.Self, status.Leader, err
}
