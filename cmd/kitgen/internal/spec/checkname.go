package spec

import (
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
)

// maxName is what is left of a DNS label (63 bytes), which the registry and
// Kubernetes put the name into, for what deployments append to it.
const maxName = 50

// taken are packages that generated code imports. A service of the same name
// would hide one of them, or read as if it did.
var taken = []string{
	"breaker", "bytes", "classify", "codes", "consul", "context", "durationpb", "endpoint",
	"errors", "etcd", "flag", "fmt", "grpc", "health", "http", "io", "json", "kitgen", "kitgrpc",
	"kithttp", "kitlb", "kitotel", "kitsd", "lb", "log", "math", "middleware", "net", "os", "pb", "proto",
	"retry", "sd", "signal", "slices", "slog", "status", "strconv", "strings", "sync", "syscall",
	"testing", "time", "timestamppb", "transport", "unsafe", "url",
}

// goCommand are names that the go command or its tools reserve.
var goCommand = []string{"all", "cmd", "internal", "main", "std", "test", "testdata", "tool", "vendor", "work"}

// windowsDevices cannot name a directory on Windows.
var windowsDevices = []string{
	"aux", "con", "nul", "prn",
	"com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
	"lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
}

// CheckName says why name cannot name a service, as [Problems] of one. A name
// becomes a Go and a proto package, a directory, a binary and a DNS label, so
// it is lower-case ASCII letters and digits, and starts with a letter.
func CheckName(name string) error {
	code, msg, fix := judge(name)
	if code == "" {
		return nil
	}
	return Problems{{Code: code, Msg: msg, Fix: fix}}
}

func judge(name string) (code, msg, fix string) {
	quoted := "service name " + strconv.Quote(name)
	use := "use another, such as " + suggest(name)
	switch {
	case name == "":
		return "KG001", "the service has no name", "give one, such as greeter"
	case strings.ContainsAny(name, "/\\\x00") || name == "." || name == "..":
		return "KG004", quoted + " is a path, and names a Go package too", use + ", and run kitgen in the directory that shall hold it"
	case !ascii(name):
		return "KG005", quoted + " is not ASCII, and names a proto package and a DNS label too", use
	case len(name) > maxName:
		return "KG006", quoted + " is too long: with what deployments append, it must fit a DNS label of 63 bytes", "use at most 50"
	case strings.HasSuffix(name, "_test"):
		return "KG007", quoted + " ends like a test package", "use another, such as " + suggest(strings.TrimSuffix(name, "_test"))
	case token.IsKeyword(name):
		return "KG003", quoted + " is a Go keyword", use
	case types.Universe.Lookup(name) != nil:
		return "KG003", quoted + " is predeclared in Go", use
	case slices.Contains(windowsDevices, strings.ToLower(name)):
		return "KG006", quoted + " is a device on Windows and cannot name a directory there", use
	case slices.Contains(goCommand, name):
		return "KG007", quoted + " means something else to the go command", use
	case slices.Contains(taken, name):
		return "KG003b", quoted + " is the name of a package that generated code imports", use
	case simplify(name) != name:
		return "KG002", quoted + " names a Go package, a binary and a DNS label, so it may have lower-case letters and digits only, a letter first", use
	}
	return "", "", ""
}

// suggest is an allowed name near to name.
func suggest(name string) string {
	near := simplify(name)
	switch {
	case near == "":
		return "greeter"
	case token.IsKeyword(near), types.Universe.Lookup(near) != nil, slices.Contains(windowsDevices, near),
		slices.Contains(goCommand, near), slices.Contains(taken, near):
		return near + "svc"
	}
	return near[:min(len(near), maxName)]
}

// simplify keeps the last element of a path and drops what a name may not have.
func simplify(name string) string {
	name = strings.TrimRight(name, `/\`)
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return -1
	}, name)
	return strings.TrimLeft(name, "0123456789")
}
