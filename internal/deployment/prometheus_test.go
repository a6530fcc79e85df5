package deployment

import (
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/relabel"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v2"
)

// TestExpressions holds what alerts and the dashboard ask for against what a
// process exports that has been called.
func TestExpressions(t *testing.T) {
	dir := service(t)
	there := exported(t, dir)
	ask := parser.NewParser(parser.Options{})
	for where, text := range expressions(t, dir) {
		expr, err := ask.ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
			if v, ok := node.(*parser.VectorSelector); ok && !there[v.Name] {
				t.Errorf("%s: asks for %s, which nobody exports", where, v.Name)
			}
			return nil
		})
	}
}

// expressions are those of the alerts and of the dashboard, by where they are.
func expressions(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	rules, errs := rulefmt.ParseFile(filepath.Join(dir, "deploy/prometheus/rules.yaml"), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			all["alert "+rule.Alert] = rule.Expr
		}
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr, RefID string }
		}
	}
	if err := json.Unmarshal(read(t, dir, "deploy/grafana/dashboard.json"), &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			all["panel "+panel.Title+" "+target.RefID] = strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
		}
	}
	if len(all) < 10 {
		t.Errorf("only %d expressions", len(all))
	}
	return all
}

// TestScrape checks that the pods are found under the name that alerts go by.
func TestScrape(t *testing.T) {
	var file struct {
		Jobs []struct {
			Name    string              `yaml:"job_name"`
			Pods    []map[string]string `yaml:"kubernetes_sd_configs"`
			Relabel []*relabel.Config   `yaml:"relabel_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.UnmarshalStrict(read(t, service(t), "deploy/prometheus/scrape.yaml"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Jobs) != 1 || file.Jobs[0].Name != "greeter" || file.Jobs[0].Pods[0]["role"] != "pod" {
		t.Fatalf("%+v", file)
	}
	for _, c := range file.Jobs[0].Relabel {
		if err := c.Validate(model.UTF8Validation); err != nil {
			t.Error(err)
		}
	}
}
