package sim

import "time"

// Catalogue returns the scenarios S1 to S16 and the cells R1 to R7, in order.
// Unless a scenario says otherwise there are 20 servers of 4 workers, calls that
// take 10 ms with an exponential distribution, 10 clients, and 30 s are counted
// after a warm-up of 5 s. S1 to S13 without faults in them are about latency; S7,
// S8, S12 and S14 to S16 about errors; R1 to R7 about other settings.
func Catalogue() []Scenario {
	return append(append(latencies(), failures()...), settings()...)
}

const second = time.Second

func alike(n int, s Server) []Server {
	all := make([]Server, n)
	for i := range all {
		all[i] = s
	}
	return all
}

// uneven returns n servers, every other one with speed a, the rest with b.
func uneven(n int, a, b float64) []Server {
	all := alike(n, Server{Speed: a})
	for i := 1; i < n; i += 2 {
		all[i].Speed = b
	}
	return all
}

// twenty is a fleet at utilisation rho.
func twenty(name, title string, rho float64) Scenario {
	return Scenario{Name: name, Title: title, Servers: alike(20, Server{}), Rate: rho * 20 * 4 * 100}
}

func antagonists() Fault {
	return Fault{Kind: Antagonists, Last: Range{.3, 1.5}, Every: 8 * second, Depth: Range{.25, .6}}
}

func bursts() *Bursts {
	return &Bursts{High: 1.6, Low: .8, HighFor: 100 * time.Millisecond, LowFor: 300 * time.Millisecond}
}

func latencies() []Scenario {
	s3 := twenty("S3", "heavy-tailed calls (lognormal 1.5), load 0.7", .7)
	s3.Service.Shape = Lognormal

	s4 := twenty("S4", "half the servers three times as fast as the others, load 0.7", .7)
	s4.Servers = uneven(20, 1.5, .5)
	s4b := s4
	s4b.Name, s4b.Title, s4b.Clients = "S4b", "the same with 100 clients", 100

	s5 := twenty("S5", "neighbours that slow servers down, bursts, heavy-tailed calls, load 0.65", .65)
	s5.Service.Shape, s5.Bursts, s5.Faults = Lognormal, bursts(), []Fault{antagonists()}

	s5b := twenty("S5b", "neighbours that slow servers down, load 0.85", .85)
	s5b.Faults = []Fault{antagonists()}

	s6 := Scenario{
		Name: "S6", Title: "11 servers at 167 ms, one of them at 2 s for half of the time (after Buoyant, 2016)",
		Servers: alike(11, Server{Workers: 400}), Rate: 1000, Length: 60 * second,
		Service: Service{Shape: Normal, Mean: 167 * time.Millisecond, Spread: 5 * time.Millisecond},
		Faults:  []Fault{{Kind: Slow, Servers: []int{1}, At: 20 * second, For: 30 * second, Speed: .0835}},
		Watch:   1,
	}

	s9 := twenty("S9", "a server starts cold: from 15 % of its speed to all of it in 10 s, load 0.8", .8)
	s9.Faults, s9.Watch = []Fault{{Kind: Cold, Servers: []int{1}, At: 5 * second, For: 10 * second, Speed: .15}}, 1

	s10 := twenty("S10", "1000 clients with little to go by, load 0.8", .8)
	s10.Clients = 1000

	s11 := twenty("S11", "every server pauses for 150 to 300 ms every 10 s, load 0.6", .6)
	s11.Faults = []Fault{{Kind: Pauses, Last: Range{.15, .3}, Every: 10 * second}}

	s13 := Scenario{
		Name: "S13", Title: "100 servers, 100 clients, neighbours that slow servers down, load 0.75",
		Servers: alike(100, Server{}), Clients: 100, Rate: .75 * 100 * 4 * 100,
		Faults: []Fault{antagonists()},
	}

	all := []Scenario{
		twenty("S1", "all alike, load 0.7", .7), twenty("S2", "all alike, load 0.9", .9),
		s3, s4, s4b, s5, s5b, s6, s9, s10, s11, s13,
	}
	for i := range all {
		all[i].Latency = true
	}
	return all
}

func failures() []Scenario {
	with := func(sc Scenario, f Fault) Scenario {
		f.Servers = []int{1}
		sc.Watch, sc.Faults = 1, []Fault{f}
		return sc
	}
	outage := func(name, title string, k Kind) Scenario {
		sc := with(twenty(name, title, .7), Fault{Kind: k, At: 5 * second, For: 5 * second})
		sc.Length = 24 * second
		return sc
	}
	s7 := with(twenty("S7", "black hole: one of 20 fails every call within a millisecond", .7), Fault{Kind: Fail, At: 5 * second})
	s7b := with(twenty("S7b", "one of 20 fails half of its calls", .7), Fault{Kind: Fail, At: 5 * second, Share: .5})
	s7c := s7
	s7c.Name, s7c.Title, s7c.Clients = "S7c", "the black hole with 100 clients", 100
	s16 := twenty("S16", "a deployment: all 20 restart, one after the other, for 3 s each", .7)
	s16.Length, s16.Faults = 65*second, []Fault{{Kind: Restarts, At: 5 * second, Down: 2 * second}}
	return []Scenario{
		s7, s7b, s7c,
		with(twenty("S8", "one of 20 takes calls and never answers", .7), Fault{Kind: Hang, At: 5 * second}),
		twenty("S12", "overload: 1.05 times what the servers can do", 1.05),
		outage("S14", "one of 20 hangs for 5 s and recovers", Hang),
		outage("S15", "one of 20 fails every call for 5 s and recovers", Fail),
		s16,
	}
}

func settings() []Scenario {
	r1 := twenty("R1", "servers of one worker, load 0.7", .7)
	r1.Servers, r1.Rate = alike(20, Server{Workers: 1}), .7*20*100

	r2 := twenty("R2", "10 ms away, load 0.8", .8)
	r2.Delay = 10 * time.Millisecond

	r3 := twenty("R3", "5 servers, 50 clients, load 0.8", .8)
	r3.Servers, r3.Clients, r3.Rate = alike(5, Server{}), 50, .8*5*4*100

	r4 := twenty("R4", "3 servers of speeds 1.5, 1 and 0.5, load 0.7", .7)
	r4.Servers, r4.Rate = []Server{{Speed: 1.5}, {Speed: 1}, {Speed: .5}}, .7*3*4*100

	r5 := twenty("R5", "servers of 32 workers, neighbours that slow them down, load 0.85", .85)
	r5.Servers, r5.Rate, r5.Faults = alike(20, Server{Workers: 32}), .85*20*32*100, []Fault{antagonists()}
	r5.Length = 15 * second

	r6 := twenty("R6", "one client, bursts, load 0.7", .7)
	r6.Clients, r6.Bursts = 1, bursts()

	r7 := twenty("R7", "200 clients, neighbours that slow servers down, load 0.75", .75)
	r7.Clients, r7.Faults = 200, []Fault{antagonists()}

	return []Scenario{r1, r2, r3, r4, r5, r6, r7}
}
