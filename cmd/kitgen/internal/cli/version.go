package cli

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// versions are what a report of a problem should say.
type versions struct {
	Kitgen  string `json:"kitgen"`
	Library string `json:"library"` // that new services use: a version, or a checkout
	Go      string `json:"go"`
}

func newVersion(con *console.Console) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of kitgen, which library its services use, and the version of Go",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			lib, err := findLibrary("")
			if err != nil {
				return err
			}
			v := versions{kitgen.Version, lib.String(), runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH}
			if con.JSON {
				return json.NewEncoder(con.Out).Encode(v)
			}
			_, err = fmt.Fprintf(con.Out, "kitgen %s, library %s, %s\n", v.Kitgen, v.Library, v.Go)
			return err
		},
	}
}
