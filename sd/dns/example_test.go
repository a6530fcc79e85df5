package dns_test

import (
	"fmt"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/dns"
)

func ExampleNewWatcher() {
	watcher := dns.NewWatcher("_grpc._tcp.addsvc.internal.", dns.Config{})
	instances := sd.NewInstancer(watcher, sd.InstancerConfig{}) // go-kit sd.Instancer
	defer instances.Stop()
	// Output:
}

// A target names the records in a program's configuration.
func ExampleScheme() {
	instances, err := sd.Open("dns://10.0.0.2:53/addsvc.internal:8080?family=ipv4", sd.InstancerConfig{}, dns.Scheme(dns.Config{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	instances.Stop()

	_, err = sd.Open("dns:///addsvc.internal", sd.InstancerConfig{}, dns.Scheme(dns.Config{}))
	fmt.Println(err)
	// Output: invalid target: dns:///addsvc.internal: the name "addsvc.internal" has no port: add it, or ask for SRV records, which say it
}
