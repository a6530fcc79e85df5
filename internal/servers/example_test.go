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
