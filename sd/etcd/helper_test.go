package etcd

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-kit/kit/sd/etcdv3"
	"github.com/go-kit/log"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"
)

// The test binary is also two other programs, which tests run.
const (
	roleEnv     = "KITGEN_TEST_ROLE"
	endpointEnv = "KITGEN_TEST_ENDPOINT"
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleEnv) {
	case "":
		goleak.VerifyTestMain(m)
		return
	case "etcdctl":
		err = etcdctl(os.Args[1:])
	case "etcdv3":
		err = registerByGoKit(os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// helper is a command that runs the test binary as one of its other programs.
func helper(tb testing.TB, role, endpoint string, args ...string) *exec.Cmd {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), self, args...)
	cmd.Env = append(os.Environ(), roleEnv+"="+role, endpointEnv+"="+endpoint)
	return cmd
}

// etcdctl does what etcdctl does, for what policy/roles.sh asks of it.
func etcdctl(args []string) error {
	cfg := ClientConfig(os.Getenv(endpointEnv))
	as("root")(&cfg)
	c, err := clientv3.New(cfg)
	if err != nil {
		return err
	}
	defer c.Close()
	switch {
	case len(args) == 3 && strings.Join(args[:2], " ") == "role add":
		_, err = c.RoleAdd(context.Background(), args[2])
	case len(args) == 6 && strings.Join(args[:3], " ") == "role grant-permission --prefix=true":
		kind, ok := map[string]clientv3.PermissionType{
			"read":      clientv3.PermissionType(clientv3.PermRead),
			"readwrite": clientv3.PermissionType(clientv3.PermReadWrite),
		}[args[4]]
		if !ok {
			return fmt.Errorf("permission %q", args[4])
		}
		_, err = c.RoleGrantPermission(context.Background(), args[3], args[5], clientv3.GetPrefixRangeEnd(args[5]), kind)
	default:
		return fmt.Errorf("etcdctl cannot %q here", args)
	}
	return err
}

// registerByGoKit registers key=value pairs by go-kit's etcdv3, until its input
// ends. That has no way to close its connection, so it gets a process.
func registerByGoKit(pairs []string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		c, err := etcdv3.NewClient(ctx, []string{os.Getenv(endpointEnv)}, etcdv3.ClientOptions{})
		if err != nil {
			return err
		}
		r := etcdv3.NewRegistrar(c, etcdv3.Service{Key: key, Value: value}, log.NewLogfmtLogger(os.Stderr))
		r.Register()
		defer r.Deregister()
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}
