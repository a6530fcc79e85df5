// Package fleet reads the file in which a user describes their own servers,
// clients and troubles, and answers which balancer suits them. The file is JSON
// in which // begins a comment, and strict: a key that nobody reads, a value out
// of bounds or one that contradicts another is an error that names the file, the
// line and the key, and says what to write instead.
//
// Every key but "servers" and "rate" may be left out:
//
//	{
//	  "name": "checkout",
//	  "servers": [                    // groups of servers that are alike
//	    {"count": 16},                // 4 workers, speed 1, weight 1
//	    {"count": 4, "workers": 8, "speed": 0.5, "weight": 2}
//	  ],
//	  "clients": 10,                  // each with a balancer of its own
//	  "rate": 4000,                   // calls a second, of all clients together
//	  "service": {                    // how long a call takes a worker of speed 1
//	    "shape": "exponential",       // lognormal (sigma), bimodal (share, factor), normal (spread)
//	    "mean": "10ms"
//	  },
//	  "bursts": {"high": 1.6, "low": 0.8, "high_for": "100ms", "low_for": "300ms"},
//	  "delay": "250us",               // of a message, one way
//	  "timeout": "2s",                // of a call, at its client
//	  "cancel": false,                // whether servers drop queued calls whose client gave up
//	  "warmup": "5s",                 // what begins in it is not counted
//	  "length": "30s",                // of what is counted
//	  "seeds": 5,                     // runs, for the confidence intervals
//	  "disturbances": [               // see below
//	    {"kind": "slow", "servers": [1, 2], "at": "10s", "for": "5s", "speed": 0.3}
//	  ]
//	}
//
// A disturbance happens to the servers it lists, counted from 1 in the order of
// the groups, or to all; it begins at "at" after the warm-up and lasts for "for",
// or to the end:
//
//	slow     speed is multiplied by "speed"
//	cold     speed grows from "speed" to full during "for"
//	fail     a "share" of calls, or all, fails within a millisecond
//	outage   as fail, of all calls: nobody listens there
//	hang     calls are taken and never answered
//	pause    all work stands still for "last" (two times, from and to), "every" so often
//	noise    speed is multiplied by "depth" (from and to) for "last", "every" so often
//	restart  one server after the other drains, leaves for "down" and comes back
package fleet
