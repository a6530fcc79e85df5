package lb_test

import (
	"context"
	"fmt"
	"slices"

	kitlb "github.com/go-kit/kit/sd/lb"

	"github.com/kitgen/kitgen/lb"
	"github.com/kitgen/kitgen/sd"
)

func ExampleParsePolicy() {
	instances := sd.NewInstancer(sd.Fixed{{Addr: "10.0.0.1:80"}}, sd.InstancerConfig{})
	defer instances.Stop()
	pool := connected(instances, 1)
	defer pool.Close()
	policy, err := lb.ParsePolicy("round_robin") // from a flag
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(lb.Endpoint(policy(pool))(context.Background(), nil))

	_, err = lb.ParsePolicy("roundrobin")
	fmt.Println(err)
	// Output:
	// 10.0.0.1:80 <nil>
	// there is no balancing policy "roundrobin"; there are adaptive, round_robin, random, weighted_round_robin, weighted_random, least_request, least_request_2, peak_ewma, maglev, ring, rendezvous; did you mean round_robin?
}

// Five percent of the users see the new version, then twenty, among them those
// who have seen it.
func ExampleNewSplit() {
	instances := sd.NewInstancer(sd.Fixed{
		{Addr: "10.0.0.1:80", Version: "v1"},
		{Addr: "10.0.0.2:80", Version: "v1"},
		{Addr: "10.0.0.3:80", Version: "v2"},
	}, sd.InstancerConfig{})
	defer instances.Stop()
	pool := connected(instances, 3)
	defer pool.Close()
	split, err := lb.NewSplit(pool, lb.SplitConfig{Parts: []lb.Part{
		{Name: "canary", Percent: 5, Keep: lb.Version("v2")},
	}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	greet := lb.Endpoint(split)
	canary := func() (users []int) {
		for user := range 10000 {
			who, _ := greet(lb.WithKey(context.Background(), fmt.Sprint("user ", user)), nil)
			if who == "10.0.0.3:80" {
				users = append(users, user)
			}
		}
		return users
	}

	first := canary()
	fmt.Println(len(first), "of 10000 users")
	fmt.Println(split.SetPercent("canary", 20))
	second := canary()
	left := slices.DeleteFunc(first, func(user int) bool { return slices.Contains(second, user) })
	fmt.Println(len(second), "of 10000 users;", len(left), "of the first have left")
	fmt.Println("too many:", split.SetPercent("canary", 120))
	// Output:
	// 521 of 10000 users
	// <nil>
	// 2033 of 10000 users; 0 of the first have left
	// too many: lb: part "canary" of the split has 120 percent: give a number from 0 to 100
}

// Calls stay in the zone while it can take them.
func ExampleNewZoneAware() {
	instances := sd.NewInstancer(sd.Fixed{
		{Addr: "10.1.0.1:80", Zone: "eu-1"},
		{Addr: "10.2.0.1:80", Zone: "eu-2"},
		{Addr: "10.3.0.1:80", Zone: "eu-3"},
	}, sd.InstancerConfig{})
	defer instances.Stop()
	pool := connected(instances, 3)
	defer pool.Close()
	policy := func(set lb.Set) kitlb.Balancer { return lb.NewLeastRequest(set, lb.LeastRequestConfig{}) }
	zoned, err := lb.NewZoneAware(pool, lb.ZoneConfig{
		Zone:    "eu-2",
		Explore: -1, // so that this prints the same every time; usually one call in 64 goes elsewhere
	}, policy)
	if err != nil {
		fmt.Println(err)
		return
	}
	greet, calls := lb.Endpoint(zoned), map[any]int{}
	for range 100 {
		who, _ := greet(context.Background(), nil)
		calls[who]++
	}
	fmt.Println(calls)
	// Output: map[10.2.0.1:80:100]
}

// A session is text between two calls, such as a cookie.
func ExampleNewSticky() {
	instances := sd.NewInstancer(sd.Fixed{
		{Addr: "10.0.0.1:80"},
		{Addr: "10.0.0.2:80"},
		{Addr: "10.0.0.3:80"},
	}, sd.InstancerConfig{})
	defer instances.Stop()
	pool := connected(instances, 3)
	defer pool.Close()
	sticky, err := lb.NewSticky(pool, lb.StickyConfig{}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	greet := lb.Endpoint(sticky)

	session := lb.NewSession("") // of a caller without a cookie
	first, _ := greet(lb.WithSession(context.Background(), session), nil)
	cookie := session.Instance()
	fmt.Println(first == cookie)

	session = lb.NewSession(cookie)
	for range 100 {
		if who, _ := greet(lb.WithSession(context.Background(), session), nil); who != cookie {
			fmt.Println("lost at", who)
		}
	}
	// Output: true
}

// Each client calls a few of many.
func ExampleSubset() {
	all := make(sd.Fixed, 100)
	for i := range all {
		all[i].Addr = fmt.Sprintf("10.0.0.%d:80", i)
	}
	instances := sd.NewInstancer(all, sd.InstancerConfig{})
	defer instances.Stop()
	pool := connected(instances, len(all))
	defer pool.Close()
	few, err := lb.Subset(pool, lb.SubsetConfig{Client: "web-7", Size: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, in := range few.Instances() {
		fmt.Println(in.Addr)
	}
	balancer := lb.NewAdaptive(few, lb.AdaptiveConfig{}) // any will do
	_ = lb.Endpoint(balancer)
	// Output:
	// 10.0.0.44:80
	// 10.0.0.74:80
	// 10.0.0.94:80
}

// A subset of what a registry knows, for transports that connect at once.
func ExampleSubsetWatcher() {
	registry := sd.Fixed{{Addr: "10.0.0.1:80"}, {Addr: "10.0.0.2:80"}, {Addr: "10.0.0.3:80"}, {Addr: "10.0.0.4:80"}}
	few, err := lb.SubsetWatcher(registry, lb.SubsetConfig{Client: "web-7", Size: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	instances := sd.NewInstancer(few, sd.InstancerConfig{})
	defer instances.Stop()
	pool := connected(instances, 2)
	defer pool.Close()
	for _, node := range pool.Nodes() {
		fmt.Println(node.Addr)
	}
	// Output:
	// 10.0.0.1:80
	// 10.0.0.3:80
}
