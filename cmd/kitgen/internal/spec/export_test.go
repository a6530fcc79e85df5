package spec

import "strings"

// GeneratedNames and MemberNames are for the test that holds them against
// generated code.
var (
	GeneratedNames = generatedNames
	MemberNames    = strings.Fields(memberNames)
)
