package etcd_test

import (
	"context"
	"fmt"
	"log"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
)

// A service registers itself, and its clients follow who is there.
func Example() {
	ctx := context.Background()
	server, err := servers.StartEtcd(ctx, servers.Options{}) // yours is there already
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = server.Close() }()

	client, err := clientv3.New(etcd.ClientConfig(server.Endpoint()))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close() }()

	self := sd.Instance{ID: "addsvc-1", Addr: "10.0.0.1:8080", Zone: "eu-1"}
	registrar := sd.NewRegistrar(etcd.NewHolder(client, "addsvc", etcd.Config{}), self, sd.RegistrarConfig{})
	registrar.Register()
	<-registrar.Registered()

	instancer := etcd.NewInstancer(client, "addsvc", etcd.Config{})
	defer instancer.Stop()
	show := func(n int) {
		for {
			s, changed := instancer.Snapshot()
			if s.Synced && len(s.Instances) == n {
				fmt.Println(n, "there")
				for _, in := range s.Instances {
					fmt.Println(in.ID, in.Addr, in.Zone)
				}
				return
			}
			<-changed
		}
	}
	show(1)
	registrar.Deregister()
	show(0)
	// Output:
	// 1 there
	// addsvc-1 10.0.0.1:8080 eu-1
	// 0 there
}

func ExampleNewHolder() {
	client, err := clientv3.New(etcd.ClientConfig("127.0.0.1:1")) // where nobody listens
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	h := etcd.NewHolder(client, "addsvc", etcd.Config{}) // does not touch the network
	err = h.Hold(context.Background(), sd.Instance{ID: "addsvc-1", Addr: ":8080"}, func() {})
	fmt.Println(err)
	// Output:
	// register addsvc: invalid instance "addsvc-1": address ":8080": no host: name one that clients can dial
}

func ExampleNewWatcher() {
	client, err := clientv3.New(etcd.ClientConfig("127.0.0.1:1"))
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	w := etcd.NewWatcher(client, "", etcd.Config{})
	fmt.Println(w.Watch(context.Background(), func([]sd.Instance) {}))
	// Output:
	// service name is empty: pass the name that clients look for, such as "addsvc"
}
