package interop

import (
	"testing"
	"time"

	"github.com/go-kit/kit/sd/zk"
	zkclient "github.com/go-zookeeper/zk"

	"github.com/kitgen/kitgen/internal/servers"
)

// session is go-kit's client of a ZooKeeper, which tells how it is connected.
type session struct {
	zk.Client

	lost chan struct{} // has a value when the connection was lost
}

func dialZooKeeper(t *testing.T, addr string) *session {
	t.Helper()
	s := &session{lost: make(chan struct{}, 1)}
	var err error
	s.Client, err = zk.NewClient([]string{addr}, logger(t),
		zk.SessionTimeout(time.Minute), // outlasts a restart of the server
		zk.EventHandler(func(e zkclient.Event) {
			if e.State == zkclient.StateDisconnected {
				select {
				case s.lost <- struct{}{}:
				default:
				}
			}
		}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// join registers an instance by a session of its own, as a process does.
func join(t *testing.T, server *servers.Server, addr string) (leave func()) {
	t.Helper()
	s := dialZooKeeper(t, server.Endpoint())
	zk.NewRegistrar(s, zk.Service{Path: "/services", Name: "addsvc", Data: []byte(addr)}, logger(t)).Register()
	return s.Stop
}

// TestZooKeeperDeregister is why an instance leaves by the end of its session
// in the other test: the Deregister of go-kit's registrar removes not the
// instance but the folder that all of them are in, which ZooKeeper refuses. It
// fails if a later go-kit does better.
func TestZooKeeperDeregister(t *testing.T) {
	t.Parallel()
	s := dialZooKeeper(t, servers.ZooKeeper(t, servers.Options{}).Endpoint())
	t.Cleanup(s.Stop)
	r := zk.NewRegistrar(s, zk.Service{Path: "/services", Name: "addsvc", Data: []byte("127.0.0.1:1")}, logger(t))
	r.Register()
	r.Deregister()
	if entries, _, err := s.GetEntries("/services/addsvc"); err != nil || len(entries) != 1 {
		t.Errorf("after Deregister there are %q, %v; want the instance still", entries, err)
	}
}

// TestZooKeeper takes a pool through an instance that leaves, and a restart of
// the server that the instances outlast.
func TestZooKeeper(t *testing.T) {
	t.Parallel()
	server := servers.ZooKeeper(t, servers.Options{})
	a, b, later := replica(t), replica(t), replica(t)
	t.Cleanup(join(t, server, a))
	leave := join(t, server, b)

	s := dialZooKeeper(t, server.Endpoint())
	t.Cleanup(s.Stop)
	instances, err := zk.NewInstancer(s, "/services/addsvc", logger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(instances.Stop)
	c := clientOf(t, instances)
	c.becomes(a, b)
	leave()
	c.becomes(a)

	server.Kill()
	<-s.lost
	c.served(a) // what is known stays
	server.Start()
	t.Cleanup(join(t, server, later))
	c.becomes(a, later)
}
