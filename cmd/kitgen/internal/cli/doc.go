// Package cli is the command line of kitgen: flags in, files and exit codes
// out. A command is a function that returns a *cobra.Command; add one in
// newRoot.
//
// What it deliberately does not do is decide: packages spec, render and
// project do, and their errors are already written for the user.
package cli
