package spec

import (
	"fmt"
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	for _, name := range []string{"greeter", "addsvc", "a", "user", "profile", "x1", "s3proxy", strings.Repeat("a", maxName)} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, tt := range []struct{ name, want string }{
		{"", "KG001: the service has no name: give one, such as greeter"},
		{"1x", `KG002: service name "1x" names a Go package, a binary and a DNS label, so it may have lower-case letters and digits only, a letter first: use another, such as x`},
		{"a-b", `KG002: service name "a-b" names a Go package, a binary and a DNS label, so it may have lower-case letters and digits only, a letter first: use another, such as ab`},
		{"Add Svc", `KG002: service name "Add Svc" names a Go package, a binary and a DNS label, so it may have lower-case letters and digits only, a letter first: use another, such as addsvc`},
		{"_", `KG002: service name "_" names a Go package, a binary and a DNS label, so it may have lower-case letters and digits only, a letter first: use another, such as greeter`},
		{"func", `KG003: service name "func" is a Go keyword: use another, such as funcsvc`},
		{"string", `KG003: service name "string" is predeclared in Go: use another, such as stringsvc`},
		{"error", `KG003: service name "error" is predeclared in Go: use another, such as errorsvc`},
		{"context", `KG003b: service name "context" is the name of a package that generated code imports: use another, such as contextsvc`},
		{"grpc", `KG003b: service name "grpc" is the name of a package that generated code imports: use another, such as grpcsvc`},
		{"../evil", `KG004: service name "../evil" is a path, and names a Go package too: use another, such as evil, and run kitgen in the directory that shall hold it`},
		{"/abs/x", `KG004: service name "/abs/x" is a path, and names a Go package too: use another, such as x, and run kitgen in the directory that shall hold it`},
		{`a\b`, `KG004: service name "a\\b" is a path, and names a Go package too: use another, such as b, and run kitgen in the directory that shall hold it`},
		{"..", `KG004: service name ".." is a path, and names a Go package too: use another, such as greeter, and run kitgen in the directory that shall hold it`},
		{"a\x00b", `KG004: service name "a\x00b" is a path, and names a Go package too: use another, such as ab, and run kitgen in the directory that shall hold it`},
		{"größe", `KG005: service name "größe" is not ASCII, and names a proto package and a DNS label too: use another, such as gre`},
		{"名", `KG005: service name "名" is not ASCII, and names a proto package and a DNS label too: use another, such as greeter`},
		{"con", `KG006: service name "con" is a device on Windows and cannot name a directory there: use another, such as consvc`},
		{"COM1", `KG006: service name "COM1" is a device on Windows and cannot name a directory there: use another, such as com1svc`},
		{strings.Repeat("a", maxName+1), `KG006: service name "` + strings.Repeat("a", maxName+1) + `" is too long: with what deployments append, it must fit a DNS label of 63 bytes: use at most 50`},
		{"main", `KG007: service name "main" means something else to the go command: use another, such as mainsvc`},
		{"internal", `KG007: service name "internal" means something else to the go command: use another, such as internalsvc`},
		{"greeter_test", `KG007: service name "greeter_test" ends like a test package: use another, such as greeter`},
	} {
		if err := CheckName(tt.name); err == nil || err.Error() != tt.want {
			t.Errorf("%q:\n got %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

// What is suggested is allowed.
func FuzzCheckName(f *testing.F) {
	for _, name := range []string{"", "a-b", "func", "1", "../con", "context_test", "Ünï", "string", strings.Repeat("x", 99)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckName(name) == nil {
			return
		}
		if s := suggest(name); CheckName(s) != nil {
			t.Errorf("suggests %q for %q: %v", s, name, CheckName(s))
		}
	})
}

func ExampleCheckName() {
	fmt.Println(CheckName("greeter"))
	fmt.Println(CheckName("type"))
	// Output:
	// <nil>
	// KG003: service name "type" is a Go keyword: use another, such as typesvc
}
