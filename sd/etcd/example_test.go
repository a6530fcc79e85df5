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

// A target says where the registry is, and how it is reached.
func ExampleScheme() {
	_, err := sd.OpenHolder("etcd://10.0.0.1:2379/prod/addsvc?ttl=15s", etcd.Scheme(etcd.Config{}))
	fmt.Println(err)
	_, err = sd.OpenHolder("etcd://10.0.0.1:2379/prod/addsvc?cert=client.pem", etcd.Scheme(etcd.Config{}))
	fmt.Println(err)
	// Output:
	// <nil>
	// invalid target: there is a certificate ("client.pem") without its key: set Key (key=FILE in a target) too
}

// A Holder without a client makes one for each Hold, with what the files hold
// at that moment.
func ExampleConnection() {
	c := etcd.Connection{
		Endpoints: []string{"10.0.0.1:2379", "10.0.0.2:2379", "10.0.0.3:2379"},
		User:      "addsvc", PasswordFile: "/not/there",
	}
	_, err := c.Dial(context.Background())
	fmt.Println(err)
	h := etcd.NewHolder(nil, "addsvc", etcd.Config{Connection: c})
	err = h.Hold(context.Background(), sd.Instance{ID: "addsvc-1", Addr: "10.0.0.9:80"}, func() {})
	fmt.Println(err)
	// Output:
	// read the password of user "addsvc": open /not/there: no such file or directory
	// register /kitgen/addsvc/addsvc-1: read the password of user "addsvc": open /not/there: no such file or directory
}

// What could not be read, and what the registry kept to itself, is counted.
func ExampleWatcher_Stats() {
	w := etcd.NewWatcher(nil, "addsvc", etcd.Config{Connection: etcd.Connection{Endpoints: []string{"127.0.0.1:1"}}})
	instancer := sd.NewInstancer(w, sd.InstancerConfig{})
	instancer.Stop()
	fmt.Println(w.Stats().Missed, w.Stats().Quarantined["syntax"])
	// Output:
	// 0 0
}
