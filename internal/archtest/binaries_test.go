package archtest

import (
	"strings"
	"testing"
)

// lean says what must not get into a binary that uses some packages.
type lean struct {
	pkgs   []string // folders, as in arrows
	except []string
	free   []string // prefixes of import paths
	why    string
}

var (
	registries = []string{"go.etcd.io/", "github.com/hashicorp/"}
	grpc       = []string{"google.golang.org/grpc", "google.golang.org/protobuf"}
)

var leans = []lean{
	{
		pkgs:   []string{"", "sd/...", "lb/...", "middleware/...", "internal/attempt"},
		except: []string{"sd/etcd/...", "sd/consul/...", "middleware/auth/authgrpc", "middleware/observe/kitprom", "middleware/observe/kitotel"},
		free:   append(registries, grpc...),
		why:    "whoever only balances, or has a registry of their own, pays for no other",
	},
	{
		pkgs:   []string{"middleware/..."},
		except: []string{"middleware/observe/...", "middleware/auth/kitjwt"},
		free:   []string{"github.com/prometheus/", "go.opentelemetry.io/", "github.com/golang-jwt/"},
		why:    "metrics, traces and tokens come with the packages that are named after them",
	},
	{pkgs: []string{"transport/..."}, free: registries, why: "a service picks its registry in its own main"},
	{
		pkgs:   []string{"transport/..."},
		except: []string{"transport/kitgrpc/..."},
		free:   grpc,
		why:    "a service without gRPC does not carry it",
	},
	{pkgs: []string{"sd/etcd/..."}, free: []string{"github.com/hashicorp/"}, why: "one registry does not bring the other"},
	{pkgs: []string{"sd/consul/..."}, free: append([]string{"go.etcd.io/"}, grpc...), why: "one registry does not bring the other"},
}

// TestBinaries says which package would make a user's binary carry what the
// user did not ask for.
func TestBinaries(t *testing.T) {
	t.Parallel()
	report(t, checkBinaries(list(t, "./...")))
}

func checkBinaries(pkgs []pkg) (complaints []string) {
	for _, p := range pkgs {
		for _, l := range leans {
			if !l.covers(own(p.ImportPath)) {
				continue
			}
			if dep := l.first(p.Deps); dep != "" {
				complaints = append(complaints, p.ImportPath+" pulls in "+dep+" (go list -deps shows more)\n\trule: no "+
					strings.Join(l.free, ", ")+" there: "+l.why)
			}
		}
	}
	return complaints
}

func (l lean) covers(folder string) bool {
	return matchesAny(l.pkgs, folder) && !matchesAny(l.except, folder)
}

func matchesAny(patterns []string, folder string) bool {
	for _, p := range patterns {
		if matches(p, folder) {
			return true
		}
	}
	return false
}

// first returns a dependency that must not be there.
func (l lean) first(deps []string) string {
	for _, d := range deps {
		for _, prefix := range l.free {
			if strings.HasPrefix(d, prefix) {
				return d
			}
		}
	}
	return ""
}

func TestCheckBinariesComplains(t *testing.T) {
	t.Parallel()
	const client = "go.etcd.io/etcd/client/v3"
	for name, tt := range map[string]struct {
		pkg  pkg
		want string // in the complaint; none if empty
	}{
		"backend":            {pkg{ImportPath: module + "/sd/etcd", Deps: []string{client, "google.golang.org/grpc"}}, ""},
		"both backends":      {pkg{ImportPath: module + "/sd/consul", Deps: []string{client}}, "pulls in " + client},
		"balancer with etcd": {pkg{ImportPath: module + "/lb", Deps: []string{"fmt", client}}, "lb pulls in " + client},
		"HTTP with gRPC":     {pkg{ImportPath: module + "/transport/kithttp", Deps: []string{"google.golang.org/grpc/codes"}}, "a service without gRPC"},
	} {
		got := strings.Join(checkBinaries([]pkg{tt.pkg}), "\n")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: complaints = %q; want %q", name, got, tt.want)
		}
	}
}
