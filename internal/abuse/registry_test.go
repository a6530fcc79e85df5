package abuse

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/kitgen/kitgen/internal/servers"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/sd/consul"
	"github.com/kitgen/kitgen/sd/etcd"
)

// toolEnv turns this test binary into the tool by whose name it is called, as
// far as docs/security.md uses that; its value is the registry to talk to.
const toolEnv = "KITGEN_ABUSE_TOOL"

const (
	rootPassword = "secret"
	management   = "11111111-2222-3333-4444-555555555555"
)

func tool(registry string) error {
	if strings.HasPrefix(filepath.Base(os.Args[0]), "etcdctl") {
		return etcdctl(registry, os.Args[1:])
	}
	return consulctl(registry, os.Args[1:])
}

func etcdctl(endpoint string, args []string) error {
	c, err := etcd.Connection{
		Endpoints: []string{endpoint}, CA: os.Getenv("CA"), Cert: os.Getenv("CERT"), Key: os.Getenv("KEY"),
		User: "root", Password: rootPassword,
	}.Dial(context.Background())
	if err != nil {
		return err
	}
	defer c.Close()
	ctx := context.Background()
	switch line := strings.Join(args, " "); {
	case len(args) == 3 && strings.HasPrefix(line, "role add "):
		_, err = c.RoleAdd(ctx, args[2])
	case len(args) == 6 && strings.HasPrefix(line, "role grant-permission --prefix=true "):
		kind := clientv3.PermissionType(clientv3.PermRead)
		if args[4] == "readwrite" {
			kind = clientv3.PermissionType(clientv3.PermReadWrite)
		}
		_, err = c.RoleGrantPermission(ctx, args[3], args[5], clientv3.GetPrefixRangeEnd(args[5]), kind)
	case len(args) == 4 && strings.HasPrefix(line, "user add ") && args[3] == "--no-password":
		_, err = c.UserAddWithOptions(ctx, args[2], "", &clientv3.UserAddOptions{NoPassword: true})
	case len(args) == 4 && strings.HasPrefix(line, "user grant-role "):
		_, err = c.UserGrantRole(ctx, args[2], args[3])
	default:
		err = fmt.Errorf("etcdctl cannot %q here", args)
	}
	return err
}

// consulctl prints the secret of a token that it makes.
func consulctl(addr string, args []string) error {
	c, err := api.NewClient(&api.Config{Address: addr, Token: management})
	if err != nil {
		return err
	}
	var name, rules, description, policy string
	flags := flag.NewFlagSet("consul", flag.ContinueOnError)
	flags.StringVar(&name, "name", "", "")
	flags.StringVar(&rules, "rules", "", "")
	flags.StringVar(&description, "description", "", "")
	flags.StringVar(&policy, "policy-name", "", "")
	if len(args) < 3 {
		return fmt.Errorf("consul cannot %q here", args)
	}
	if err := flags.Parse(args[3:]); err != nil {
		return err
	}
	switch strings.Join(args[:3], " ") {
	case "acl policy create":
		text, err := os.ReadFile(strings.TrimPrefix(rules, "@"))
		if err != nil {
			return err
		}
		_, _, err = c.ACL().PolicyCreate(&api.ACLPolicy{Name: name, Rules: string(text)}, nil)
		return err
	case "acl token create":
		token, _, err := c.ACL().TokenCreate(&api.ACLToken{Description: description, Policies: []*api.ACLLink{{Name: policy}}}, nil)
		if err == nil {
			fmt.Println(token.SecretID)
		}
		return err
	}
	return fmt.Errorf("consul cannot %q here", args)
}

var command = regexp.MustCompile(`(?m)^\$ (.*)$`)

// runs gives every command of docs/security.md that a registry is meant by to a
// shell, whose tools are ours. It returns what each has printed.
func runs(t *testing.T, about, endpoint string, env ...string) (printed []string) {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh here")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for _, name := range []string{"etcdctl", "consul"} {
		if err := os.Symlink(self, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range command.FindAllStringSubmatch(string(page), -1) {
		if !strings.Contains(m[1], about) {
			continue
		}
		eventually(t, m[1], func() bool { // a registry that has just started may have no leader
			cmd := exec.CommandContext(t.Context(), sh, "-c", m[1])
			cmd.Dir = "../.."
			cmd.Env = append(os.Environ(), append(env, toolEnv+"="+endpoint, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Logf("%s: %v\n%s", m[1], err, out)
				return false
			}
			printed = append(printed, strings.TrimSpace(string(out)))
			return true
		})
	}
	if len(printed) == 0 {
		t.Fatalf("docs/security.md has no command about %s", about)
	}
	return printed
}

// may wants what target's bearer may do to be just that.
func may(t *testing.T, who, target string, register, follow bool) {
	t.Helper()
	parsed, err := sd.ParseTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	scheme := map[string]sd.Scheme{"etcd": etcd.Scheme(etcd.Config{}), "consul": consul.Scheme(consul.Config{})}[parsed.Scheme]
	holder, err := scheme.Holder(parsed)
	if err != nil {
		t.Fatal(err)
	}
	watcher, err := scheme.Watcher(parsed)
	if err != nil {
		t.Fatal(err)
	}
	for what, does := range map[string]struct {
		may bool
		try func(ctx context.Context, done func()) error
	}{
		"register": {register, func(ctx context.Context, done func()) error {
			return holder.Hold(ctx, sd.Instance{ID: "a", Addr: "127.0.0.1:1"}, done)
		}},
		"look": {follow, func(ctx context.Context, done func()) error {
			return watcher.Watch(ctx, func([]sd.Instance) { done() })
		}},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), hung)
		done := false
		err := does.try(ctx, func() { done = true; cancel() })
		if done != does.may || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s may %s: %t, %v", who, what, done, err)
		}
		cancel()
		t.Logf("%s may %s: %t, %v", who, what, done, err)
	}
}

// TestLeastPrivilegeInEtcd knows users by their certificates alone.
func TestLeastPrivilegeInEtcd(t *testing.T) {
	t.Parallel()
	tr := newTrust(t)
	e := servers.Etcd(t, servers.Options{TLS: &servers.TLS{CA: tr.CA, VerifyClients: true}, Etcd: servers.EtcdOptions{RootPassword: rootPassword}})
	root := tr.issue(t, "root", time.Hour)
	runs(t, "etcd", e.Endpoint(), "CA="+tr.File, "CERT="+root.Cert, "KEY="+root.Key)
	as := func(user, service string) string {
		pair := tr.issue(t, user, time.Hour)
		return "etcd://" + e.Endpoint() + "/" + service + "?ca=" + tr.File + "&cert=" + pair.Cert + "&key=" + pair.Key
	}
	may(t, "addsvc, itself,", as("addsvc", "addsvc"), true, true)
	may(t, "addsvc, another,", as("addsvc", "billing"), false, false)
	may(t, "web, addsvc,", as("web", "addsvc"), false, true)
	may(t, "web, another,", as("web", "billing"), false, false)
	may(t, "a stranger", as("stranger", "addsvc"), false, false)
}

func TestLeastPrivilegeInConsul(t *testing.T) {
	t.Parallel()
	c := servers.Consul(t, servers.Options{Consul: servers.ConsulOptions{ManagementToken: management}})
	printed := runs(t, "consul", c.Endpoint())
	as := func(token, service string) string {
		path := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		return "consul://" + c.Endpoint() + "/" + service + "?token-file=" + path
	}
	addsvc, web := printed[1], printed[3]
	may(t, "addsvc, itself,", as(addsvc, "addsvc"), true, true)
	may(t, "addsvc, another,", as(addsvc, "billing"), false, true) // what it may not see looks empty
	may(t, "web, addsvc,", as(web, "addsvc"), false, true)
}
