package archtest

import (
	"strings"
	"testing"
)

// arrow says what the packages that match may import from this repository.
type arrow struct {
	from string   // a folder, or a folder and all below it (x/...)
	to   []string // the same notation
	why  string
}

// arrows has one row per part; a package obeys the first that matches it.
var arrows = []arrow{
	{"", nil, "the root holds only the version; were it to import a part, generated code would pull it in"},
	{"sd", nil, "sd is what the other parts are built on"},
	{"sd/...", []string{"sd", "sd/internal/..."}, "a backend knows its registry and sd, so that it can be left out or replaced"},
	{"lb/lbsim/...", []string{"lb/lbsim/...", "lb", "sd", "internal/load", "internal/attempt", "internal/hedging"}, "the simulator plays what users get: balancers and sets of instances, and nothing that waits for a real clock"},
	{"lb/...", []string{"lb", "sd", "internal/attempt", "internal/load", "middleware/classify"}, "a balancer sees sets of instances, never a registry or a transport"},
	{"internal/attempt", nil, "retry and lb share it, so it can know neither"},
	{"internal/load", nil, "the wires write it and lb reads it, so it can know neither"},
	{"internal/messages", nil, "the wires count and observers read, so it can know neither"},
	{"internal/latency", nil, "policies share it, so it can know none"},
	{"internal/hedging", []string{"internal/latency"}, "retry and the simulator share it, so it can know neither"},
	{"middleware", []string{"middleware/..."}, "it puts the policies in order, so it knows them all, and nothing of what they surround"},
	{"middleware/observe/...", []string{"internal/attempt", "internal/messages", "middleware/classify", "middleware/observe", "middleware/observe/internal/..."}, "an observer of calls knows what it is shown, and no policy"},
	{"middleware/auth/...", []string{"middleware/auth", "middleware/auth/internal/..."}, "each way to find out who calls can be left out"},
	{"middleware/...", []string{"internal/attempt", "internal/latency", "internal/hedging", "middleware/classify"}, "a policy is an endpoint.Middleware that works around any endpoint, and each can be used without the others"},
	{"transport", []string{"sd", "transport/internal/...", "internal/messages"}, "the order of start and stop is the same for every wire"},
	{"transport/internal/fleettest", []string{"transport", "sd", "lb", "middleware/..."}, "the tests of every wire share a fleet, and see it through a balancer"},
	{"transport/internal/...", []string{"transport/internal/..."}, "what the wires share is below them"},
	{"transport/kitgrpc/stub/...", []string{"transport/kitgrpc/stub/...", "transport/kitgrpc", "transport/kitgrpc/internal/...", "transport", "transport/internal/...", "lb", "sd", "middleware/classify", "internal/attempt", "internal/load"}, "it puts gRPC's own names on instances and balancers, so it knows those, and neither a registry nor a policy"},
	{"transport/kitdebug/...", []string{"transport/kitdebug/...", "transport", "lb", "sd", "middleware/..."}, "it shows what every part is doing, so it knows them all, but no registry and no wire"},
	{"transport/kittls", []string{"transport/internal/..."}, "certificates are the same on every wire"},
	{"transport/kitsystemd", []string{"transport", "transport/internal/..."}, "a service that is started in another way does not carry it"},
	{"transport/kitgrpc/...", []string{"sd", "transport", "transport/internal/...", "transport/kitgrpc/internal/...", "internal/attempt", "internal/load", "internal/messages"}, "one wire does not know another, nor the balancer that calls over it"},
	{"transport/...", []string{"sd", "transport", "transport/internal/...", "internal/attempt", "internal/load", "internal/messages"}, "one wire does not know another, nor the balancer that calls over it"},
	{"templates/...", nil, "templates are text"},
	{"internal/servers/...", []string{"internal/servers"}, "test servers know nothing of what they test"},
	{"internal/sdbench", nil, "it holds benchmarks, whose test files may import all parts"},
	{"internal/timeline", []string{"sd", "sd/etcd", "lb", "middleware/...", "transport", "transport/kithttp", "internal/servers"}, "it draws the parts together as a user composes them, by their public face alone"},
	{"internal/incidents", []string{"sd", "lb", "middleware/...", "transport/..."}, "it plays whole services against each other, made of the parts by their public face alone"},
	{"internal/lifecycle", []string{"sd/...", "transport/...", "lb", "middleware/...", "internal/servers", "internal/timeline"}, "it starts and stops whole services, made of the parts by their public face alone"},
	{"internal/abuse", []string{"sd/...", "transport/...", "lb", "middleware/...", "internal/servers"}, "it attacks whole services, made of the parts by their public face alone"},
	{"internal/faults/...", []string{"internal/faults/...", "internal/servers", "lb", "middleware/...", "sd/...", "transport/..."}, "it breaks whole services, which are made of all parts, but not of the program's"},
	{"internal/newcomer", nil, "it types what a user types, and knows the programs from outside"},
	{"internal/archtest", nil, "it reads the tree and imports none of it"},
}

// TestArrows says where an import points against the architecture. Test files
// are free: a test may put any parts together.
func TestArrows(t *testing.T) {
	t.Parallel()
	report(t, checkArrows(list(t, "./...")))
}

// TestNobodyShipsTestServers holds for the programs and the examples, which
// may otherwise import every part.
func TestNobodyShipsTestServers(t *testing.T) {
	t.Parallel()
	for _, module := range []string{"cmd/kitgen", "examples"} {
		for _, p := range list(t, "./"+module+"/...") {
			for _, imported := range p.Imports {
				if matches("internal/servers/...", own(imported)) {
					t.Errorf("%s imports %s\n\trule: only tests run test servers", p.ImportPath, imported)
				}
			}
		}
	}
}

// checkArrows returns one complaint per wrong arrow.
func checkArrows(pkgs []pkg) (complaints []string) {
	for _, p := range pkgs {
		from, ok := rowFor(own(p.ImportPath))
		if !ok {
			complaints = append(complaints, p.ImportPath+" has no row in the table of arrows\n\trule: every package says what it may import; add a row in internal/archtest/arrows_test.go")
			continue
		}
		for _, imported := range p.Imports {
			if isOwn(imported) && !from.allows(own(imported)) {
				complaints = append(complaints, p.ImportPath+" imports "+imported+"\n\trule: "+from.String())
			}
		}
	}
	return complaints
}

func rowFor(folder string) (arrow, bool) {
	for _, a := range arrows {
		if matches(a.from, folder) {
			return a, true
		}
	}
	return arrow{}, false
}

func (a arrow) allows(folder string) bool {
	for _, to := range a.to {
		if matches(to, folder) {
			return true
		}
	}
	return false
}

func (a arrow) String() string {
	to := "nothing of ours"
	if len(a.to) > 0 {
		to = "only " + strings.Join(a.to, ", ")
	}
	return a.from + " imports " + to + ": " + a.why
}

// matches says whether a folder is meant by pattern.
func matches(pattern, folder string) bool {
	if above, ok := strings.CutSuffix(pattern, "/..."); ok {
		return folder == above || strings.HasPrefix(folder, above+"/")
	}
	return folder == pattern
}

func TestCheckArrowsComplains(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		pkg  pkg
		want string // in the complaint; none if empty
	}{
		"right":                 {pkg{ImportPath: module + "/lb", Imports: []string{module + "/sd", "fmt"}}, ""},
		"subfolder":             {pkg{ImportPath: module + "/lb/lbsim", Imports: []string{module + "/lb"}}, ""},
		"backend in balancer":   {pkg{ImportPath: module + "/lb", Imports: []string{module + "/sd/etcd"}}, "rule: lb/... imports only lb, sd,"},
		"policy uses policy":    {pkg{ImportPath: module + "/middleware/retry", Imports: []string{module + "/middleware/breaker"}}, "rule: middleware/... imports only"},
		"wire uses wire":        {pkg{ImportPath: module + "/transport/kithttp", Imports: []string{module + "/transport/kitgrpc"}}, "rule: transport/... imports only"},
		"sd imports its user":   {pkg{ImportPath: module + "/sd", Imports: []string{module + "/lb"}}, "rule: sd imports nothing of ours"},
		"package without a row": {pkg{ImportPath: module + "/util"}, "has no row"},
	} {
		got := strings.Join(checkArrows([]pkg{tt.pkg}), "\n")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: complaints = %q; want %q", name, got, tt.want)
		}
	}
}
