package etcd

import (
	"testing"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

func TestConformance(t *testing.T) {
	server := servers.Etcd(t, servers.Options{})
	sdtest.Run(t, func(t *testing.T) sdtest.Backend {
		p := servers.NewProxy(t, server.Endpoint())
		c, direct := connect(t, p.Addr()), connect(t, server.Endpoint())
		return sdtest.Backend{
			Holder:  func(service string) sd.Holder { return NewHolder(c, service, Config{TTL: minTTL}) },
			Watcher: func(service string) sd.Watcher { return NewWatcher(c, service, Config{}) },
			Lose: func(service, id string) error {
				_, err := direct.Delete(t.Context(), keyOf(prefixOf("kitgen", service), id))
				return err
			},
			Poison: func(service string) error {
				_, err := direct.Put(t.Context(), keyOf(prefixOf("kitgen", service), "poison"), `{"addr":"h:80`)
				return err
			},
			Outage: p.Cut,
			Heal:   p.Heal,
		}
	})
}
