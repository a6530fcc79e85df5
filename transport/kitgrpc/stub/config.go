package stub

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-kit/kit/endpoint"
	"github.com/go-kit/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/resolver"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware/classify"
	"github.com/kitgen/kitgen/sd"
)

// Config is what a connection needs to know beyond gRPC's own options. The zero
// value is good for targets whose instances gRPC's own resolvers find, and for
// static ones.
type Config struct {
	// Schemes are the registries that targets may name. Beside them there is
	// sd.Static, and gRPC's own dns and passthrough, unless one of these has that name.
	Schemes []sd.Scheme

	// Instances is how a registry is watched. Transport is "grpc" if empty, and
	// Logger that of Config if nil.
	Instances sd.InstancerConfig

	// Balancer is the name of the balancer, as lb.ParsePolicy knows it, or
	// "probing"; "adaptive" if empty. It is not for a ServiceConfig that names one.
	Balancer string

	// ServiceConfig is gRPC's, in JSON: retries, timeouts, and the balancer with
	// its settings, see Register. If empty, the balancer's alone.
	ServiceConfig string

	// Methods returns what surrounds the unary calls of a method, whose name comes
	// without that of its service: a middleware.ClientStack's Method. Its
	// middlewares see messages as requests and responses. Each attempt has a
	// response of its own, so that hedging is safe. Nothing does if nil.
	Methods func(name string) endpoint.Middleware

	Classify classify.Func  // what a call's end says about the instance; classify.Default if nil
	Logger   log.Logger     // told what lb.PoolConfig.Logger is, and sd.InstancerConfig.Logger; silent if nil
	Explain  int            // how many picks a pool remembers: lb.PoolConfig.Explain; none if zero
	OnPool   func(*lb.Pool) // told of the pool behind a connection, and of those that replace it; it is closed with the connection. Not called if nil
}

// Dial returns the options that make a connection of grpc.NewClient find its
// instances and balance its calls as cfg says. Register must have been called.
// Errors name the field and the mend.
//
// Pass them before others: interceptors that come later are inside of the
// policies, once per attempt, and other options replace those of Dial, which are:
// no idle timeout, so that what is known of the instances outlives a quiet night;
// a first reconnect after 100 ms and then at most every 2 s; a ping after 10 s of
// silence during a call and 3 s for its answer; no proxy. Credentials are not
// among them: gRPC wants grpc.WithTransportCredentials. TLS verifies the name of
// the service, which is the last segment of the target, whatever the registry
// says; grpc.WithAuthority names another.
//
// A target without hosts, such as etcd:///addsvc, has those of its scheme's Config.
// Secrets are better there, or in files: our errors do not show a target's password,
// but gRPC logs targets as they are, if told to log what it does.
//
// The options may be used for any number of connections. Errors of their calls
// and streams are as those of kitgrpc.Factory: a *kitgrpc.Error is in their tree.
func Dial(cfg Config) ([]grpc.DialOption, error) {
	s, err := cfg.settle()
	if err != nil {
		return nil, err
	}
	serviceConfig, err := cfg.serviceConfig()
	if err != nil {
		return nil, err
	}
	c := caller{methods: endpoints{around: cfg.Methods}}
	return []grpc.DialOption{
		grpc.WithResolvers(resolvers(cfg, s)...),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithIdleTimeout(0),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: time.Second,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 3 * time.Second}),
		grpc.WithNoProxy(),
		grpc.WithChainUnaryInterceptor(c.unary),
		grpc.WithChainStreamInterceptor(c.stream),
	}, nil
}

// settings are what a balancer is told of a Config, beside its state.
type settings struct {
	classify classify.Func
	logger   log.Logger
	explain  int
	onPool   func(*lb.Pool)
}

func (c *Config) settle() (*settings, error) {
	s := &settings{classify: c.Classify, logger: c.Logger, explain: max(c.Explain, 0), onPool: c.OnPool}
	if s.logger == nil {
		s.logger = log.NewNopLogger()
	}
	if s.onPool == nil {
		s.onPool = func(*lb.Pool) {}
	}
	seen := map[string]bool{}
	for i, scheme := range c.Schemes {
		switch {
		case scheme.Name == "" || scheme.Watcher == nil:
			return nil, fmt.Errorf("stub: Config.Schemes[%d] has no Name or no Watcher: use what a registry's package returns, such as etcd.Scheme(etcd.Config{})", i)
		case seen[scheme.Name]:
			return nil, fmt.Errorf("stub: Config.Schemes has %q twice: keep one", scheme.Name)
		}
		seen[scheme.Name] = true
	}
	return s, nil
}

// serviceConfig returns gRPC's, with a balancer.
func (c *Config) serviceConfig() (string, error) {
	name, err := balancerNamed(c.Balancer)
	if err != nil {
		return "", err
	}
	fields := map[string]json.RawMessage{}
	if c.ServiceConfig != "" {
		if err := json.Unmarshal([]byte(c.ServiceConfig), &fields); err != nil {
			return "", fmt.Errorf("stub: Config.ServiceConfig is no JSON object: %w", err)
		}
	}
	_, given := fields["loadBalancingConfig"]
	_, old := fields["loadBalancingPolicy"]
	switch {
	case (given || old) && c.Balancer != "":
		return "", errors.New("stub: Config.Balancer and the ServiceConfig both name a balancer: drop one")
	case balancer.Get(name) == nil:
		return "", fmt.Errorf("stub: gRPC knows no balancer %s: call stub.Register() first thing in main", name)
	case given || old:
		return c.ServiceConfig, nil
	}
	fields["loadBalancingConfig"] = json.RawMessage(`[{"` + name + `":{}}]`)
	all, err := json.Marshal(fields)
	return string(all), err
}

// resolvers are those for all targets.
func resolvers(cfg Config, s *settings) []resolver.Builder {
	if cfg.Instances.Transport == "" {
		cfg.Instances.Transport = "grpc"
	}
	if cfg.Instances.Logger == nil {
		cfg.Instances.Logger = s.logger
	}
	schemes := cfg.Schemes
	static := sd.Static()
	named := map[string]bool{}
	for _, scheme := range schemes {
		named[scheme.Name] = true
	}
	if !named[static.Name] {
		schemes = append(slices.Clip(schemes), static)
		named[static.Name] = true
	}
	var all []resolver.Builder
	for _, scheme := range schemes {
		all = append(all, &watching{scheme: scheme, cfg: cfg.Instances, settings: s})
	}
	for _, name := range []string{"dns", "passthrough"} {
		if b := resolver.Get(name); b != nil && !named[name] {
			all = append(all, &telling{b, s})
		}
	}
	return all
}
