package examples

import (
	"io"
	"slices"
	"testing"
	"time"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/dns"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/sd/file"
)

// join is the code of docs/discovery.md for an instance.
func join(target string, self sd.Instance, logger log.Logger, use func(*sd.Registrar)) error {
	holder, err := sd.OpenHolder(target, etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{}))
	if err != nil {
		return err
	}
	registrar := sd.NewRegistrar(holder, self, sd.RegistrarConfig{Logger: logger})
	use(registrar)
	return nil
}

// follow is the code of docs/discovery.md for a client.
func follow(target string, logger log.Logger) (*sd.Instancer, error) {
	instances, err := sd.Open(target, sd.InstancerConfig{
		Logger:       logger,
		SnapshotFile: "/var/lib/shop/addsvc.json", // survives a start without the registry
	}, etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{}), dns.Scheme(dns.Config{}), file.Scheme(file.Config{}), sd.Static())
	return instances, err
}

// TestTheCodeOfTheDocsTakesTargets touches no network: nothing there does.
func TestTheCodeOfTheDocsTakesTargets(t *testing.T) {
	t.Parallel()
	logger := log.NewLogfmtLogger(io.Discard)
	for _, target := range []string{"etcd://127.0.0.1:2379/addsvc", "consul://127.0.0.1:8500/addsvc"} {
		self := sd.Instance{Addr: "10.0.0.7:8080"}
		err := join(target, self, logger, func(r *sd.Registrar) {
			if state, _ := r.State(); state != sd.Unregistered || r.Instance().Addr != self.Addr {
				t.Errorf("%s: %s, %+v", target, state, r.Instance())
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
	if err := join("static://10.0.0.7:8080", sd.Instance{}, logger, nil); err == nil {
		t.Error("an instance registered in a list of addresses")
	}
	instances, err := follow("static://10.0.0.7:8080,10.0.0.8:8080", logger)
	if err != nil {
		t.Fatal(err)
	}
	defer instances.Stop()
	if want := []string{"10.0.0.7:8080", "10.0.0.8:8080"}; !slices.Equal(await(t, instances), want) {
		t.Errorf("the client knows %v", await(t, instances))
	}
}

// await returns the addresses that an Instancer first knows.
func await(t *testing.T, instances *sd.Instancer) (addrs []string) {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		s, newer := instances.Snapshot()
		for _, in := range s.Instances {
			addrs = append(addrs, in.Addr)
		}
		if len(addrs) > 0 {
			return addrs
		}
		select {
		case <-newer:
		case <-timeout:
			t.Fatal("nothing known within a minute")
		}
	}
}
