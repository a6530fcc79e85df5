package consul

import (
	"testing"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/sdtest"
)

func TestConformance(t *testing.T) {
	server, err := sharedAgent()
	if err != nil {
		t.Fatal(err)
	}
	sdtest.Run(t, func(t *testing.T) sdtest.Backend {
		p := servers.NewProxy(t, server.Endpoint())
		c, direct := connect(t, p.Addr()), connect(t, server.Endpoint())
		return sdtest.Backend{
			Holder:  func(service string) sd.Holder { return NewHolder(c, service, Config{TTL: minTTL}) },
			Watcher: func(service string) sd.Watcher { return NewWatcher(c, service, Config{}) },
			Lose: func(_, id string) error {
				return direct.Agent().ServiceDeregister(toServiceID(id))
			},
			Poison: func(service string) error {
				poison := api.AgentServiceRegistration{ID: "poison", Name: service, Address: "http://user:secret@h", Port: 80}
				t.Cleanup(func() {
					if err := direct.Agent().ServiceDeregister(poison.ID); err != nil {
						t.Error(err)
					}
				})
				return direct.Agent().ServiceRegister(&poison)
			},
			Outage: p.Cut,
			Heal:   p.Heal,
		}
	})
}
