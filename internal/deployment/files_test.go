package deployment

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/rhysd/actionlint"
)

func TestCompose(t *testing.T) {
	everyKind(t, func(t *testing.T, dir string) {
		file := filepath.Join(dir, "compose.yaml")
		project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
			WorkingDir: dir, ConfigFiles: []types.ConfigFile{{Filename: file}},
		})
		if err != nil {
			t.Fatal(err)
		}
		greeter, err := project.GetService("greeter")
		if err != nil {
			t.Fatal(err)
		}
		if greeter.GetScale() < 2 {
			t.Errorf("%d replicas", greeter.GetScale())
		}
		for registry := range greeter.DependsOn {
			s, err := project.GetService(registry)
			if err != nil || s.HealthCheck == nil {
				t.Errorf("%s, which greeter waits for, cannot become healthy: %v", registry, err)
			}
		}
	})
}

func TestDockerfile(t *testing.T) {
	everyKind(t, func(t *testing.T, dir string) {
		parsed, err := parser.Parse(bytes.NewReader(read(t, dir, "Dockerfile")))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range parsed.Warnings {
			t.Error(w.Short)
		}
		lint := linter.New(&linter.Config{Warn: func(rule, description, url, message string, _ []parser.Range) {
			t.Errorf("%s: %s: %s", rule, description, message)
		}})
		stages, _, err := instructions.Parse(parsed.AST, lint)
		if err != nil {
			t.Fatal(err)
		}
		if len(stages) != 2 {
			t.Errorf("%d stages, want one that builds and one that runs", len(stages))
		}
	})
}

func TestWorkflow(t *testing.T) {
	dir := service(t)
	lint, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	problems, err := lint.LintFile(filepath.Join(dir, ".github/workflows/ci.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}
