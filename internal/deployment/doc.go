// Package deployment holds no code but tests: what comes with a new service
// beside its Go code is read here by those for whom it is meant. Kubernetes's own
// types decode the manifests, Compose's loader its file, Prometheus's parsers the
// rules and the expressions of the dashboard, which may name only what a running
// service exports; BuildKit's parser and linter read the Dockerfile, actionlint
// the workflow.
//
// It is a module of its own, outside of the workspace: what these need would
// otherwise choose versions for everybody.
package deployment
