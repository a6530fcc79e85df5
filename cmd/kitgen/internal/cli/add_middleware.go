package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// addable is a middleware of a service's server.
type addable struct {
	does    string
	setting project.Setting
	main    string // what main must do instead, where Compose cannot
}

var addables = map[string]addable{
	"shed": {
		does:    "turns down the least important calls when the process has too much to do",
		setting: project.Setting{Field: "Shed", Value: "&shed.Config{}", Imports: []string{libraryPath + "/middleware/shed"}},
	},
	"ratelimit": {
		does:    "lets through so many calls a second",
		setting: project.Setting{Field: "RateLimit", Value: "&ratelimit.Config{Rate: 1000}", Imports: []string{libraryPath + "/middleware/ratelimit"}},
	},
	"limit": {
		does:    "lets through as many calls at a time as do not slow one another down",
		setting: project.Setting{Field: "Limit", Value: "&limit.Config{}", Imports: []string{libraryPath + "/middleware/limit"}},
	},
	"timeout": {
		does:    "bounds how long a call may take",
		setting: project.Setting{Field: "Timeout", Value: "timeout.Config{Timeout: 5 * time.Second}", Imports: []string{"time", libraryPath + "/middleware/timeout"}},
	},
	"log": {
		does:    "writes calls that fail or are slow to slog's default logger",
		setting: project.Setting{Field: "Observers", Value: "append(cfg.Observers, observe.Log(observe.LogConfig{Slow: time.Second}))", Imports: []string{"time", libraryPath + "/middleware/observe"}},
	},
	"auth": {
		does: "finds out who calls, and turns down those who must not",
		main: `// Who may call differs from place to place, so main says it: give the
// middleware.ServerConfig that it calls Compose with
Auth: &auth.Config{Verifiers: []auth.Verifier{keys.Verify}},
// and have credentials read at the wires, with authhttp.Extract around the HTTP
// handler and the options of authgrpc.ExtractOptions for the gRPC server. See
// ` + libraryPath + `/middleware/auth for verifiers: kitjwt, apikey, mtls.
`,
	},
}

func addMiddleware(con *console.Console) *cobra.Command {
	o := output{Console: con}
	names := slices.Sorted(maps.Keys(addables))
	var long strings.Builder
	long.WriteString("Sets a policy in the function that composes the server's middleware, which is\nyours: change its numbers there. What is set already stays as it is.\n\n")
	for _, name := range names {
		long.WriteString("  " + name + strings.Repeat(" ", 11-len(name)) + addables[name].does + "\n")
	}
	cmd := &cobra.Command{
		Use:       "middleware NAME",
		Short:     "Add a middleware around the server's endpoints: " + strings.Join(names, ", "),
		Long:      long.String(),
		Example:   "  kitgen add middleware shed",
		Args:      one("middleware", "kitgen add middleware shed"),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := known("middleware", args[0], names); err != nil {
				return err
			}
			return runAddMiddleware(cmd.Context(), &o, addables[args[0]])
		},
	}
	o.lookFlags(cmd)
	return cmd
}

func runAddMiddleware(ctx context.Context, o *output, a addable) (err error) {
	s, err := openService(o.Console)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.root.Close()) }()
	if a.main != "" {
		return o.show(&project.Plan{Manual: []project.Manual{{Where: "cmd/" + s.manifest.Service + "/main.go: kitgen does not know who may call", Text: []byte(a.main)}}})
	}
	plan, err := a.setting.Set(s.root.FS(), s.manifest)
	if err != nil {
		return err
	}
	return o.apply(ctx, s.root, plan)
}
