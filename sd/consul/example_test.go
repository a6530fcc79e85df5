package consul_test

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
)

// A service registers itself, and its clients follow who is there.
func Example() {
	ctx := context.Background()
	agent, err := servers.StartConsul(ctx, servers.Options{}) // yours is there already
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = agent.Close() }()

	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client, err := api.NewClient(&api.Config{Address: agent.Endpoint(), HttpClient: &http.Client{Transport: transport}})
	if err != nil {
		log.Fatal(err)
	}

	self := sd.Instance{ID: "addsvc-1", Addr: "10.0.0.1:8080", Zone: "eu-1"}
	registrar := sd.NewRegistrar(consul.NewHolder(client, "addsvc", consul.Config{}), self, sd.RegistrarConfig{})
	registrar.Register()
	<-registrar.Registered()

	instancer := consul.NewInstancer(client, "addsvc", consul.Config{})
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
	client, err := api.NewClient(api.DefaultConfig())
	if err != nil {
		log.Fatal(err)
	}
	h := consul.NewHolder(client, "addsvc", consul.Config{}) // does not touch the network
	err = h.Hold(context.Background(), sd.Instance{ID: "addsvc-1", Addr: ":8080"}, func() {})
	fmt.Println(err)
	// Output:
	// register addsvc: invalid instance "addsvc-1": address ":8080": no host: name one that clients can dial
}

func ExampleNewWatcher() {
	client, err := api.NewClient(api.DefaultConfig())
	if err != nil {
		log.Fatal(err)
	}
	w := consul.NewWatcher(client, "add/svc", consul.Config{})
	fmt.Println(w.Watch(context.Background(), func([]sd.Instance) {}))
	// Output:
	// service name "add/svc" does not fit into Consul's paths: use letters, digits, dots, underscores and dashes, such as "addsvc"
}

// A target says it all in one string, such as a flag; main lists the registries
// that it may name.
func ExampleScheme() {
	const target = "consul://user:secret@127.0.0.1:8500/addsvc?tag=blue&token=secret&limit=-1"
	_, err := sd.Open(target, sd.InstancerConfig{}, consul.Scheme(consul.Config{}))
	fmt.Println(err)
	// Output:
	// invalid target: parameter limit is "-1": write a whole number such as 5, or 0 for no limit
}
