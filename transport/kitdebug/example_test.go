package kitdebug_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kitdebug"
)

// A page on a server of its own, beside those of the service.
func Example() {
	instances := sd.NewInstancer(sd.Fixed{{Addr: "10.0.0.7:8080"}}, sd.InstancerConfig{})
	defer instances.Stop()
	page, err := kitdebug.New(kitdebug.Config{
		Name:    "shop",
		Clients: []kitdebug.Client{{Name: "addsvc", Instances: instances}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := kitdebug.Listen("debug-addr", "127.0.0.1:0", false)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan error)
	go func() {
		stopped <- transport.Serve(ctx, transport.Config{
			Servers:     []transport.Server{kitdebug.Server(l, page)},
			Propagation: -1,
		})
	}()
	fmt.Println(ask("http://" + l.Addr().String() + "/debug/kit.json"))
	stop()
	fmt.Println(<-stopped)
	// Output:
	// shop calls addsvc <nil>
	// <nil>
}

// ask is a script that reads the JSON.
func ask(url string) (string, error) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var state struct {
		Process struct{ Name string }
		Clients []struct{ Name string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		return "", err
	}
	return state.Process.Name + " calls " + state.Clients[0].Name, nil
}

func ExampleListen() {
	_, err := kitdebug.Listen("debug-addr", ":6060", false)
	fmt.Println(err)
	// Output:
	// -debug-addr :6060: other machines could read there what the process is doing; pass -debug-addr 127.0.0.1:6060, or have the program say that this is wanted
}

func ExampleNew() {
	_, err := kitdebug.New(kitdebug.Config{Clients: []kitdebug.Client{{}}})
	fmt.Println(err)
	// Output: kitdebug: Config.Clients[0].Name is empty: give the name of the service it calls
}

func ExampleServer() {
	page, err := kitdebug.New(kitdebug.Config{Profiles: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	l, err := kitdebug.Listen("debug-addr", "127.0.0.1:0", false)
	if err != nil {
		fmt.Println(err)
		return
	}
	s := kitdebug.Server(l, page) // one of transport.Config.Servers
	fmt.Println(s.Name, s.Close())
	// Output: debug <nil>
}
