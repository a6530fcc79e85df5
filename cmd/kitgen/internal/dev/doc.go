// Package dev is kitgen dev: it runs a service, or all services of a workspace,
// as a small fleet on this machine, and keeps the fleet up to date with the
// source.
//
//	source → generate → go build → one replica after the other: start the new
//	one, wait until the registry lists it, let the old one leave
//
// Nothing is simulated: replicas are processes of the service's own binary on
// ports of loopback, the registry is an etcd, and what stops them is a signal.
// Each service has a front door, an HTTP proxy at an address that stays while
// replicas come and go. It is not what clients should use: they find replicas
// themselves, as kitgen call does.
//
// The session listens on a port of loopback for other terminals; its address
// and a secret are in .kitgen/dev/session.json of the directory.
package dev
