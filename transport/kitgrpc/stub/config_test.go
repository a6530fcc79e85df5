package stub_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/etcd"
	"github.com/kitgen/kitgen/transport/kitgrpc/stub"
)

func TestBadConfigs(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]stub.Config{
		`Config.Balancer (where there also is probing): there is no balancing policy "adaptif"; there are adaptive, `: {Balancer: "adaptif"},
		`did you mean adaptive?`:                      {Balancer: "adaptif"},
		`Config.Schemes[0] has no Name or no Watcher`: {Schemes: []sd.Scheme{{}}},
		`Config.Schemes has "etcd" twice: keep one`:   {Schemes: []sd.Scheme{etcd.Scheme(etcd.Config{}), etcd.Scheme(etcd.Config{})}},
		`Config.ServiceConfig is no JSON object`:      {ServiceConfig: "[]"},
		`both name a balancer: drop one`:              {Balancer: "ring", ServiceConfig: `{"loadBalancingConfig": [{"kit_ring": {}}]}`},
	} {
		if _, err := stub.Dial(cfg); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "stub: ") {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestBadSettings are told of by grpc.NewClient.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		`{"kit_adaptive": {"choises": 8}}`:                                  `there is no setting "choises": write one of choices, loadReports, outlierDetection, panicBelow, slowStart, zone`,
		`{"kit_random": {"choices": 8}}`:                                    `there is no setting "choices": write one of loadReports, `,
		`{"kit_adaptive": {"choices": 0}}`:                                  "choices is 0: write a whole number from 1",
		`{"kit_adaptive": {"choices": "8"}}`:                                `choices is "8": write a whole number`,
		`{"kit_adaptive": []}`:                                              "the configuration is []: write an object",
		`{"kit_adaptive": {"outlierDetection": true}}`:                      "outlierDetection is true: write an object",
		`{"kit_adaptive": {"outlierDetection": {"margin": 2}}}`:             "outlierDetection.margin is 2: write a number from 0 to 1",
		`{"kit_adaptive": {"outlierDetection": {"margn": 2, "window": 3}}}`: `there is no setting "outlierDetection.margn": write one of outlierDetection.baseTime, `,
		`{"kit_adaptive": {"outlierDetection": {"window": 10}}}`:            `outlierDetection.window is 10: write a time above 0, such as "10s"`,
		`{"kit_adaptive": {"slowStart": {"window": "-1s"}}}`:                `slowStart.window is "-1s": write a time above 0`,
		`{"kit_adaptive": {"panicBelow": 50}}`:                              "panicBelow is 50: write a number from 0 to 1",
		`{"kit_adaptive": {"zone": {}}}`:                                    "zone.zone is not there: write a name",
		`{"kit_adaptive": {"zone": {"zone": "a", "headroom": 0.5}}}`:        "zone.headroom is 0.5: write a number from 1",
		`{"kit_adaptive": {"zone": {"zone": "a", "explore": 1}}}`:           "lb: ZoneConfig.Explore is 1: give a share below 1",
		`{"kit_adaptive": {"loadReports": {"period": "soon"}}}`:             `loadReports.period is "soon"`,
		`{"kit_ring": {"bound": 0.5}}`:                                      "bound is 0.5: write a number from 1",
		`{"kit_probing": {"hot": 1.5}}`:                                     "hot is 1.5: write a number from 0 to 1",
		`{"kit_adaptif": {}}`:                                               "no supported policies found",
	} {
		_, err := newClient(`{"loadBalancingConfig": [` + settings + `]}`)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", settings, err, want)
		}
	}
}

// TestGoodSettings are those of the documentation, and those that are off.
func TestGoodSettings(t *testing.T) {
	t.Parallel()
	for _, settings := range []string{
		`{"kit_adaptive": {"choices": 8, "panicBelow": 0.5,
		  "outlierDetection": {"consecutive": 5, "margin": 0.1, "latencyFactor": 3, "window": "10s", "baseTime": "10s", "maxTime": "300s", "maxEjected": 0.5},
		  "slowStart": {"window": "30s", "floor": 0.1, "aggression": 1},
		  "zone": {"zone": "eu-1a", "callers": 0.3, "headroom": 1.4, "slower": 2, "explore": 0.02},
		  "loadReports": {"errorPenalty": 1, "blackout": "10s", "expiration": "180s", "period": "1s"}}}`,
		`{"kit_ring": {"points": 1024, "bound": 1.25}}`,
		`{"kit_probing": {"hot": 0.84, "timeout": "100ms", "maxAge": "1s"}}`,
		`{"kit_adaptive": {"outlierDetection": false}}`,
		`{"kit_adaptive": {"outlierDetection": {"consecutive": false, "margin": false, "latencyFactor": false}, "zone": {"zone": "a", "explore": false}}}`,
		`{"unknown_yet": {}}, {"kit_random": {}}`,
	} {
		cc, err := newClient(`{"loadBalancingConfig": [` + settings + `]}`)
		if err != nil {
			t.Errorf("%s: %v", settings, err)
			continue
		}
		cc.Close()
	}
}

func newClient(serviceConfig string) (*grpc.ClientConn, error) {
	opts, err := stub.Dial(stub.Config{ServiceConfig: serviceConfig})
	if err != nil {
		return nil, err
	}
	return grpc.NewClient("static:///127.0.0.1:1", append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
}

// TestUnregistered starts a process that forgets to register.
func TestUnregistered(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), unregistered+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "gRPC knows no balancer kit_adaptive: call stub.Register() first thing in main") {
		t.Errorf("%v: %s", err, out)
	}
}
