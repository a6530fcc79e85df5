// Command faults breaks services and registries on purpose, with real
// processes, and measures how long it takes until all is well again:
//
//	go run ./internal/faults            every row, about a quarter of an hour
//	go run ./internal/faults -list      what there is
//	go run ./internal/faults -run 'etcd.*restart'
//
// A row is one fault and a bound. Each runs in a process of its own with
// registries of its own: instances are child processes that serve HTTP and gRPC and
// register; the row's process is their consumer, calls them all the time, and asks
// the registry directly what it lists. Most rows call by endpoints over HTTP
// (sd.Instancer, lb.Pool, a breaker per instance, retry); some by another door:
// endpoints over gRPC, a bare gRPC stub, an http.Client. Besides the row's own
// conditions, the eight promises of package history must hold in every row, or it
// fails.
//
// To add a row, write a function that reads like the sentence it proves, from
// the verbs of trial, and list it in rows.go.
//
// What it deliberately does not do: it has no hook in the code that it breaks,
// and it does not touch the machine beyond its own children (no firewall rules,
// no clock, no mounts). Rows that would need that are listed with the reason.
package main
