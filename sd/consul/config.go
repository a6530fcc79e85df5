package consul

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-kit/log"

	"github.com/kitgen/kitgen/sd"
)

const (
	minTTL             = 6 * time.Second  // leaves room for two lost beats
	minDeregisterAfter = time.Minute      // Consul's own
	minWait            = time.Second      // so that a quiet service is not asked for without end
	maxWait            = 10 * time.Minute // Consul's own
)

// Config adjusts how a service is kept in Consul. The zero value is good. A bad
// value is an error of Hold and Watch, or of opening a target.
type Config struct {
	// Of a Holder.

	TTL             time.Duration // after which a silent instance is critical; 15 s if zero, at least 6 s
	DeregisterAfter time.Duration // after which a critical one is removed; 10 min if zero, at least 1 min
	WarningWeight   int           // of an instance in state Warning; its Weight if zero
	HTTPCheck       *HTTPCheck    // the agent asks the instance, rather than being told within TTL; none if nil
	GRPCCheck       *GRPCCheck    // likewise

	// Ready is asked before every beat (TTL/3), for two seconds at most. While
	// it returns an error the instance is critical and says why; the first
	// reason stays until it is ready again, since Consul replicates every
	// change. Always ready if nil.
	Ready func(ctx context.Context) error

	// Of a Watcher.

	Tags    []string // its instances have all of these; any if empty
	Filter  string   // an expression that they match, in Consul's filter language; any if empty
	Near    string   // node that Limit prefers neighbours of, or "_agent"; none preferred if empty
	Limit   int      // most instances that are told, the others are left alone; all if zero
	Healthy bool     // leaves critical ones out even when nobody else is left; most want false: they are marked, and nobody calls them while others live

	Wait              time.Duration // longest blocking query; 55 s if zero, within 1 s to 10 min
	Timeout           time.Duration // of a query, at least Wait; what Wait needs and ten seconds if zero
	AllowStale        bool          // any server may answer, also one without a leader
	RequireConsistent bool          // the leader asks the others first
	UseCache          bool          // the agent's cache may answer, also while servers are away

	// Of both. What is empty is as the client has it.

	Token      string // ACL token; with Scheme, CONSUL_HTTP_TOKEN_FILE and CONSUL_HTTP_TOKEN if this and the next are empty
	TokenFile  string // has the token, and is read anew with every request
	Datacenter string
	Namespace  string // Consul Enterprise alone has those,
	Partition  string // and these

	TLS *TLS // of Scheme, which makes its own client: how to use HTTPS; plain HTTP if nil

	Instancer sd.InstancerConfig // of NewInstancer
	Logger    log.Logger         // of Instancer, if that has none, and of a Holder whose agent became another; nop if nil
}

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	if c.TTL == 0 {
		c.TTL = 15 * time.Second
	}
	if c.DeregisterAfter == 0 {
		c.DeregisterAfter = 10 * time.Minute
	}
	if c.Wait == 0 {
		c.Wait = 55 * time.Second
		if c.Timeout >= minWait {
			c.Wait = min(c.Wait, c.Timeout)
		}
	}
	if c.Logger == nil {
		c.Logger = log.NewNopLogger()
	}
	return c
}

// check says what is wrong with c, whose defaults are filled in.
func (c *Config) check() error {
	switch {
	case c.TTL < minTTL:
		return fmt.Errorf("consul Config.TTL %v is below %v: raise it, or leave it zero for 15s", c.TTL, minTTL)
	case c.DeregisterAfter < minDeregisterAfter:
		return fmt.Errorf("consul Config.DeregisterAfter %v is below Consul's minimum of %v: raise it, or leave it zero for 10m", c.DeregisterAfter, minDeregisterAfter)
	case c.WarningWeight < 0 || c.WarningWeight > maxWeight:
		return fmt.Errorf("consul Config.WarningWeight %d is not within 0 to %d", c.WarningWeight, maxWeight)
	case c.Token != "" && c.TokenFile != "":
		return fmt.Errorf("consul Config.Token and Config.TokenFile (%q) are both set: keep one", c.TokenFile)
	}
	if err := c.checkQuery(); err != nil {
		return err
	}
	if err := c.checkProbe(); err != nil {
		return err
	}
	return c.TLS.check()
}

func (c *Config) checkQuery() error {
	switch {
	case c.Wait < minWait || c.Wait > maxWait:
		return fmt.Errorf("consul Config.Wait %v is not within %v to %v: leave it zero for 55s", c.Wait, minWait, maxWait)
	case c.Timeout < 0:
		return fmt.Errorf("consul Config.Timeout %v is negative: leave it zero for what Wait needs", c.Timeout)
	case c.Timeout > 0 && c.Timeout < c.Wait:
		return fmt.Errorf("consul Config.Timeout %v is shorter than Wait %v, so that every quiet query would fail: raise the one or lower the other", c.Timeout, c.Wait)
	case c.Limit < 0:
		return fmt.Errorf("consul Config.Limit %d is negative: leave it zero for no limit", c.Limit)
	case c.AllowStale && c.RequireConsistent:
		return errors.New("consul Config.AllowStale and RequireConsistent contradict each other: keep one")
	case c.UseCache && c.RequireConsistent:
		return errors.New("consul Config.UseCache and RequireConsistent contradict each other: keep one")
	}
	if slices.Contains(c.Tags, "") {
		return errors.New("consul Config.Tags has an empty tag: take it away")
	}
	return nil
}

// wait is how long a query may ask to wait for news: Consul adds up to a
// sixteenth, which has to fit into the timeout.
func (c *Config) wait() time.Duration {
	if c.Timeout > 0 {
		return min(c.Wait, c.Timeout*16/17)
	}
	return c.Wait
}

// timeout bounds a query; waits tells whether it waits for news.
func (c *Config) timeout(waits bool) time.Duration {
	switch {
	case c.Timeout > 0:
		return c.Timeout
	case waits:
		return c.Wait + c.Wait/16 + slack
	}
	return callTimeout + slack
}
