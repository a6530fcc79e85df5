// Command incidents plays what goes wrong in services, without the policies
// against it and with them, and draws what became of the calls:
//
//	go run ./internal/incidents -out docs
//
// The servers are processes of their own on this machine, which is this program
// again; they are called over HTTP at a rate that does not depend on their
// answers. Of every incident the run without and the run with the policies become
// one SVG, and with -json their numbers one document, the last line of the output.
//
//	incident ──▶ stage: servers, client, load, fault ──▶ recording ──▶ panels ──▶ picture
//	              once without, once with                   └─▶ numbers
//
// To add an incident, write one like those in scripts.go, and list it in
// incidents.
//
// What it deliberately does not do: it uses no CPU for the services' work, which
// is waiting, so that what is measured are policies and not this machine; and it
// judges nothing. No number is in a picture that was not measured in that run.
package main
