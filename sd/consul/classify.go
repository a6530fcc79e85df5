package consul

import (
	"strings"

	"github.com/hashicorp/consul/api"

	"github.com/kitgen/kitgen/sd"
)

// drainingOutput is what our checks say when they turn critical only because
// the instance leaves.
const drainingOutput = "draining"

// stateOf judges an instance by the checks on it and on its node. The query
// asks for all instances, not only passing ones: that somebody is critical is
// worth knowing, that he left is another thing.
func stateOf(checks api.HealthChecks) sd.State {
	state := sd.Up
	for _, c := range checks {
		if c == nil {
			continue
		}
		switch s := stateOfCheck(c); {
		case s == sd.Draining:
			return s
		case s == sd.Critical, s == sd.Warning && state == sd.Up:
			state = s
		}
	}
	return state
}

func stateOfCheck(c *api.HealthCheck) sd.State {
	maintenance := c.CheckID == api.NodeMaint || strings.HasPrefix(c.CheckID, api.ServiceMaintPrefix)
	switch {
	case c.Status == api.HealthPassing:
		return sd.Up
	case c.Status == api.HealthWarning:
		return sd.Warning
	case maintenance, c.Output == drainingOutput:
		return sd.Draining
	default: // "critical", or what only a newer Consul knows
		return sd.Critical
	}
}
