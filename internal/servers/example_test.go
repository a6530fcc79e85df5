package servers_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/kitgen/kitgen/internal/servers"
)

// A server outside a test; within one, servers.Etcd(t, servers.Options{}) also
// closes it and fails the test on errors.
func ExampleStartEtcd() {
	ctx := context.Background()
	etcd, err := servers.StartEtcd(ctx, servers.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer etcd.Close()
	before := etcd.Endpoint()
	if err := etcd.Kill(); err != nil {
		fmt.Println(err)
	}
	if err := etcd.Start(ctx); err != nil { // the data and the port it had
		fmt.Println(err)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + etcd.Endpoint() + "/health")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, etcd.Endpoint() == before)
	// Output: 200 OK true
}

// A cluster that loses its leader, outside a test; within one,
// servers.EtcdCluster(t, 3, servers.Options{}) also closes it.
func ExampleStartEtcdCluster() {
	ctx := context.Background()
	etcd, err := servers.StartEtcdCluster(ctx, 3, servers.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer etcd.Close()
	first, err := etcd.Leader(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := etcd.Members()[first].Kill(); err != nil {
		fmt.Println(err)
	}
	second, err := etcd.Leader(ctx)
	fmt.Println(len(etcd.Endpoints()), first == second, err)
	// Output: 3 false <nil>
}
