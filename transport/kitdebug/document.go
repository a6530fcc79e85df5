package kitdebug

import "time"

// document is the JSON, which the package's documentation describes. What is in
// it keeps its name and its meaning as long as Schema is the same; more may come.
type document struct {
	Schema       int           `json:"schema"`
	At           time.Time     `json:"at"`
	Troubles     []string      `json:"troubles"`
	Process      process       `json:"process"`
	Ready        *readiness    `json:"ready,omitempty"`
	Registration *registration `json:"registration,omitempty"`
	Lifecycle    *lifecycle    `json:"lifecycle,omitempty"`
	Servers      []server      `json:"servers,omitempty"`
	Stack        string        `json:"stack,omitempty"`
	Clients      []client      `json:"clients,omitempty"`
	Failed       []failure     `json:"failed,omitempty"`
}

type process struct {
	Name       string    `json:"name"`
	Version    string    `json:"version"`
	Revision   string    `json:"revision,omitempty"`
	Kitgen     string    `json:"kitgen,omitempty"`
	Go         string    `json:"go"`
	Platform   string    `json:"platform"`
	Host       string    `json:"host,omitempty"`
	PID        int       `json:"pid"`
	Since      time.Time `json:"since"`
	Goroutines int       `json:"goroutines"`
	Processors int       `json:"processors"`
}

type readiness struct {
	Ready bool   `json:"ready"`
	Why   string `json:"why,omitempty"`
}

type registration struct {
	ID    string `json:"id,omitempty"`
	Addr  string `json:"addr,omitempty"`
	State string `json:"state"`
	Error string `json:"error,omitempty"`
}

type lifecycle struct {
	Stopping bool   `json:"stopping"`
	Steps    []step `json:"steps"`
	Text     string `json:"-"`
}

type step struct {
	Name    string    `json:"name"`
	Server  string    `json:"server,omitempty"`
	At      time.Time `json:"at"`
	Since   float64   `json:"since_seconds"`
	Took    float64   `json:"took_seconds"`
	Running bool      `json:"running"`
	Why     string    `json:"why,omitempty"`
	Error   string    `json:"error,omitempty"`
}

type server struct {
	Name  string  `json:"name"`
	Addr  string  `json:"addr,omitempty"`
	Calls *uint64 `json:"calls,omitempty"`
}

// failure is a part that could not be asked.
type failure struct {
	Part  string `json:"part"`
	Error string `json:"error"`
}

type client struct {
	Name      string     `json:"name"`
	Target    string     `json:"target,omitempty"`
	Source    *source    `json:"source,omitempty"`
	Pool      *pool      `json:"pool,omitempty"`
	Known     int        `json:"known"`
	Shown     int        `json:"shown"`
	Instances []instance `json:"instances"`
	Policies  *policies  `json:"policies,omitempty"`
	Stack     string     `json:"stack,omitempty"`
	Picks     []pick     `json:"picks,omitempty"`
	NoPicks   bool       `json:"-"` // there is a pool, and it remembers none
	MostCost  float64    `json:"-"`
}

type source struct {
	State     string   `json:"state"`
	Error     string   `json:"error,omitempty"`
	Age       *float64 `json:"age_seconds,omitempty"`
	Instances int      `json:"instances"`
	Removed   int      `json:"removed"`
	Held      *int     `json:"held,omitempty"`
}

type pool struct {
	Panicking bool           `json:"panicking"`
	InFlight  int            `json:"in_flight"`
	States    map[string]int `json:"states"`
}

type instance struct {
	ID      string   `json:"id"`
	Addr    string   `json:"addr,omitempty"`
	Weight  int      `json:"weight,omitempty"`
	Zone    string   `json:"zone,omitempty"`
	Version string   `json:"version,omitempty"`
	Tags    []string `json:"tags,omitempty"`
	Started string   `json:"started,omitempty"`
	State   string   `json:"state"`
	Trouble bool     `json:"trouble"`
	Listed  *listed  `json:"listed,omitempty"`
	Node    *node    `json:"node,omitempty"`
	Breaker *circuit `json:"breaker,omitempty"`
}

type listed struct {
	In    bool    `json:"in"`
	State string  `json:"state,omitempty"`
	Why   string  `json:"why"`
	Since float64 `json:"since_seconds"`
}

type node struct {
	Connected  bool     `json:"connected"`
	Error      string   `json:"error,omitempty"`
	Ready      bool     `json:"ready"`
	Leaving    bool     `json:"leaving"`
	InFlight   int      `json:"in_flight"`
	Calls      uint64   `json:"calls"`
	Failures   uint64   `json:"failures"`
	Latency    float64  `json:"latency_seconds"`
	Success    float64  `json:"success"`
	Cost       *float64 `json:"cost,omitempty"`
	Ejected    float64  `json:"ejected_seconds,omitempty"`
	EjectedFor string   `json:"ejected_for,omitempty"`
	SlowStart  float64  `json:"slow_start,omitempty"`
}

type circuit struct {
	State     string   `json:"state"`
	Since     float64  `json:"since_seconds"`
	Until     *float64 `json:"until_seconds,omitempty"`
	Opens     int      `json:"opens"`
	Successes int      `json:"successes"`
	Failures  int      `json:"failures"`
	Slow      int      `json:"slow"`
}

type policies struct {
	Budget   *budget        `json:"budget,omitempty"`
	Throttle *throttled     `json:"throttle,omitempty"`
	Bulkhead *bulkheaded    `json:"bulkhead,omitempty"`
	Service  *circuit       `json:"service_breaker,omitempty"`
	Circuits map[string]int `json:"circuits"`
}

type budget struct {
	Calls   int  `json:"calls"`
	Retries int  `json:"retries"`
	Allowed *int `json:"allowed"` // null without a bound
}

type throttled struct {
	Requests  int64   `json:"requests"`
	Accepts   int64   `json:"accepts"`
	Overloads int64   `json:"overloads"`
	Chance    float64 `json:"chance"`
}

type bulkheaded struct {
	InFlight int `json:"in_flight"`
	Waiting  int `json:"waiting"`
}

type pick struct {
	At         float64     `json:"at_seconds"`
	Balancer   string      `json:"balancer"`
	Chosen     string      `json:"chosen,omitempty"`
	Step       string      `json:"step"`
	Of         int         `json:"of"`
	Key        string      `json:"key,omitempty"`
	Error      string      `json:"error,omitempty"`
	Candidates []candidate `json:"candidates,omitempty"`
	More       int         `json:"more,omitempty"` // candidates that are not listed
}

type candidate struct {
	ID       string   `json:"id"`
	Cost     *float64 `json:"cost,omitempty"`
	InFlight int      `json:"in_flight"`
	Latency  float64  `json:"latency_seconds"`
	Success  float64  `json:"success"`
	Excluded string   `json:"excluded,omitempty"`
}
