package kitdebug

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/middleware"
	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
)

// Config says what a Page shows, and to whom. The zero value shows the process
// alone, to this machine; every part that is nil is left out.
type Config struct {
	Name    string // what the process is called; as the program if empty
	Version string // of what is running; as its build says if empty

	Clients   []Client
	Servers   []transport.Server  // those given to transport.Serve: where they listen, and how many calls have begun
	Stack     fmt.Stringer        // what surrounds the calls that are served: a *middleware.ServerStack
	Ready     *transport.Ready    // the one given to transport.Serve
	Registrar Registrar           // the one given to transport.Serve: an *sd.Registrar or an *sd.Group
	Timeline  *transport.Timeline // the one given to transport.Serve

	Rows  int // how many instances and circuits of a client are listed unless ?all=1 asks for all: those in trouble first; 200 if zero
	Picks int // how many of the latest picks of a client are listed; 20 if zero

	// Public opens the page to other machines. The page names instances, addresses
	// and errors, and profiles cost processor time: whoever can reach it can see
	// and do that. Without it, requests from elsewhere are refused, by whichever
	// server they come; but a proxy on this machine that adds none of the headers of
	// proxies (as nginx, unless it is told to) is this machine.
	Public bool

	Profiles bool                    // Server also answers /debug/pprof/, for go tool pprof
	Also     map[string]http.Handler // what else Server answers, by pattern of http.ServeMux, such as "/metrics"; it is guarded as the page is
}

// Client is what calls to one service go through. The parts are those of
// packages sd, lb and middleware, or others that have the same methods. What they
// can do beyond the method named here is found by its shape, as sd.Instancer's
// Stats, lb.Pool's Explain and Panicking, and the String of a stack.
type Client struct {
	Name      string                                      // of the service: must be given, and be another for each client
	Target    string                                      // where its instances are listed, such as etcd://…; secrets in it are not shown
	Instances interface{ Explain() sd.Explanation }       // *sd.Instancer
	Pool      interface{ Nodes() []lb.NodeStats }         // *lb.Pool
	Stack     interface{ Stats() middleware.ClientStats } // *middleware.ClientStack
}

// Registrar says where this process stands in its registry.
type Registrar interface {
	State() (sd.RegistrarState, error)
}

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	seen := make(map[string]bool, len(c.Clients))
	for i, client := range c.Clients {
		switch {
		case client.Name == "":
			return fmt.Errorf("kitdebug: Config.Clients[%d].Name is empty: give the name of the service it calls", i)
		case seen[client.Name]:
			return fmt.Errorf("kitdebug: Config.Clients[%d].Name is %q, as another's is: give each a name of its own", i, client.Name)
		}
		seen[client.Name] = true
	}
	switch {
	case c.Rows < 0:
		return fmt.Errorf("kitdebug: Config.Rows is %d: want how many, or 0 for 200", c.Rows)
	case c.Picks < 0:
		return fmt.Errorf("kitdebug: Config.Picks is %d: want how many, or 0 for 20", c.Picks)
	}
	return c.validateAlso()
}

// validateAlso tries the patterns, of which http.ServeMux would panic.
func (c Config) validateAlso() (err error) {
	for pattern, h := range c.Also {
		if h == nil {
			return fmt.Errorf("kitdebug: Config.Also[%q] is nil: give a handler, or leave the pattern out", pattern)
		}
	}
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("kitdebug: Config.Also: " + strings.TrimPrefix(fmt.Sprint(p), "http: "))
		}
	}()
	c.mux(http.NotFoundHandler(), http.NotFoundHandler())
	return nil
}

// mux is what Server answers.
func (c Config) mux(page, profiles http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/debug/kit", page)
	mux.Handle("/debug/kit.json", page)
	if c.Profiles {
		mux.Handle("/debug/pprof/", profiles)
	}
	for pattern, h := range c.Also {
		mux.Handle(pattern, h)
	}
	return mux
}

func (c Config) filled() Config {
	c.Rows, c.Picks = cmp.Or(c.Rows, 200), cmp.Or(c.Picks, 20)
	return c
}
