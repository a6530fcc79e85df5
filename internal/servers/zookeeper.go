package servers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrNotInstalled is the error of starting a server that this package does not
// build, and that this machine does not have.
var ErrNotInstalled = errors.New("not installed")

// zookeeperJar is where Debian's package puts it; it names the jars it needs.
const zookeeperJar = "/usr/share/java/zookeeper.jar"

// StartZooKeeper runs a ZooKeeper server of its own and returns when it serves.
// Without Debian's package the error matches ErrNotInstalled. ctx bounds the
// start. The caller closes the Process.
func StartZooKeeper(ctx context.Context, opts Options) (*Process, error) {
	if opts.TLS != nil {
		return nil, errors.New("start zookeeper: it is run in the clear only: leave out Options.TLS")
	}
	return start(ctx, zookeeperKind(zookeeperJar), opts)
}

func zookeeperKind(jar string) kind {
	return kind{
		name: "zookeeper",
		program: func(context.Context, io.Writer) (string, error) {
			java, err := exec.LookPath("java")
			if err == nil {
				_, err = os.Stat(jar)
			}
			if err != nil {
				return "", fmt.Errorf("start zookeeper: %w: %w; scripts/debian.sh installs it", ErrNotInstalled, err)
			}
			return java, nil
		},
		ports: 1,
		args: func(s site) ([]string, error) {
			config, err := zookeeperConfig(s)
			if err != nil {
				return nil, err
			}
			return []string{
				"-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", // ready sooner
				"-Dzookeeper.admin.enableServer=false",
				"-Dzookeeper.forceSync=no", // a killed process loses nothing that the kernel has
				"-Djava.net.preferIPv4Stack=true",
				"-cp", jar, "org.apache.zookeeper.server.quorum.QuorumPeerMain", config,
			}, nil
		},
		ready: func(ctx context.Context, p probe) error {
			answer, err := word(ctx, p.addr, "srvr")
			if err == nil && !strings.Contains(answer, "Mode: ") {
				err = fmt.Errorf("it says %q", answer)
			}
			return err
		},
	}
}

// zookeeperConfig writes the configuration of a lone server that listens on
// loopback only. A session may be as short as twice the tick.
func zookeeperConfig(s site) (path string, err error) {
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(s.data, "zoo.cfg")
	text := fmt.Sprintf(`dataDir=%s
clientPortAddress=127.0.0.1
clientPort=%d
tickTime=200
maxSessionTimeout=60000
maxClientCnxns=0
4lw.commands.whitelist=ruok,srvr
`, s.data, s.ports[0].number)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// word sends one of ZooKeeper's four-letter words and returns the answer.
func word(ctx context.Context, addr, send string) (string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()                                      //nolint:errcheck // the answer is whole, or its error known
	stop := context.AfterFunc(ctx, func() { conn.Close() }) //nolint:errcheck // ends what waits below
	defer stop()
	if _, err := io.WriteString(conn, send); err != nil {
		return "", err
	}
	b, err := io.ReadAll(conn)
	return string(b), err
}
