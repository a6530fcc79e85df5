package spec

import _ "embed" // the text of a file

// ModelSource is the Go source that declares a Service and what is in it, with
// the comments that say what each field means.
//
//go:embed spec.go
var ModelSource string
