package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of kitgen, and which library its services use",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lib, err := findLibrary("")
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "kitgen %s, library %s\n", kitgen.Version, lib)
			return err
		},
	}
}
