package templates

import "embed"

// Service is the tree that becomes a service: the path of a template is the
// path of the file it makes, without .tmpl and with NAME replaced by the name
// of the service.
//
//go:embed all:service
var Service embed.FS

// Modules holds, per set of transports, the go.mod and go.sum that a generated
// service of its own module starts with. cmd/kitgen writes them; see
// kitgen internal-snapshot.
//
//go:embed all:module
var Modules embed.FS

// Client is what a program gets that calls a service: see kitgen add client.
//
//go:embed all:client
var Client embed.FS

// Workspace is the tree around several services: see kitgen new workspace.
//
//go:embed all:workspace
var Workspace embed.FS
