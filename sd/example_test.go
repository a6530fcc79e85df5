package sd_test

import (
	"context"
	"fmt"

	kitsd "github.com/go-kit/kit/sd"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

// A fixed list is a registry for those who have none, and a go-kit Instancer
// as any other.
func ExampleNewInstancer() {
	instances := sd.NewInstancer(sd.Fixed{{Addr: "10.0.0.7:8080"}, {Addr: "10.0.0.8:8080"}}, sd.InstancerConfig{})
	defer instances.Stop()

	events := make(chan kitsd.Event)
	instances.Register(events)
	fmt.Println((<-events).Instances)
	instances.Deregister(events)
	// Output: [10.0.0.7:8080 10.0.0.8:8080]
}

// Whole instances come from Snapshot, with a channel that tells when to look
// again.
func ExampleInstancer_Snapshot() {
	instances := sd.NewInstancer(sd.Fixed{{ID: "web1", Addr: "10.0.0.7:8080", Zone: "eu-west-1a", Weight: 2}}, sd.InstancerConfig{})
	defer instances.Stop()

	snapshot, changed := instances.Snapshot()
	for !snapshot.Synced {
		<-changed
		snapshot, changed = instances.Snapshot()
	}
	for _, in := range snapshot.Instances {
		fmt.Println(in.ID, in.Addr, in.Zone, in.Weight, in.State)
	}
	// Output: web1 10.0.0.7:8080 eu-west-1a 2 up
}

func ExampleNewRegistrar() {
	registry := new(sdtest.Memory) // or etcd, Consul, yours
	self := sd.Instance{ID: "addsvc-1", Addr: "10.0.0.7:8080", Meta: map[string]string{"grpc": "10.0.0.7:8081"}}
	registrar := sd.NewRegistrar(registry.Holder("addsvc"), self, sd.RegistrarConfig{
		OnChange: func(s sd.RegistrarState) { fmt.Println(s) },
	})

	ctx, stop := context.WithCancel(context.Background())
	left := make(chan error)
	go func() { left <- registrar.Run(ctx) }()
	<-registrar.Registered()
	stop()
	fmt.Println("left:", <-left)
	// Output:
	// registered
	// unregistered
	// left: <nil>
}

// A backend is two blocking functions. This one reads its list from a channel.
func ExampleWatcher() {
	lists := make(chan []sd.Instance, 1)
	lists <- []sd.Instance{{Addr: "10.0.0.7:8080"}, {Addr: "not an address"}}

	instances := sd.NewInstancer(chanWatcher(lists), sd.InstancerConfig{Transport: "grpc"})
	defer instances.Stop()
	events := make(chan kitsd.Event)
	instances.Register(events)
	fmt.Println((<-events).Instances)
	// Output: [10.0.0.7:8080]
}

type chanWatcher <-chan []sd.Instance

func (w chanWatcher) Watch(ctx context.Context, update func([]sd.Instance)) error {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case list := <-w:
			update(list)
		}
	}
}

func ExampleInstance_For() {
	in := sd.Instance{Addr: "10.0.0.7:8080", Meta: map[string]string{"grpc": "10.0.0.7:8081"}}
	fmt.Println(in.For("grpc").Addr, in.For("http").Addr)
	// Output: 10.0.0.7:8081 10.0.0.7:8080
}
