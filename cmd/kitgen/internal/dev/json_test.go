package dev

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/console"
)

// asked runs kitgen dev with args and --json.
func asked(args ...string) (out string, err error) {
	var b bytes.Buffer
	cmd := Command(&console.Console{Out: &b, JSON: true})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.Execute()
	return b.String(), err
}

func TestAVerbAnswersInJSON(t *testing.T) {
	s, c := claimed(t)
	t.Chdir(s.dir)
	u := sleeper(t, s, "greeter-1")
	s.fleets[0].units = []*unit{u}
	if err := s.start(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	defer s.tasks.Wait()
	defer func() { u.now.Kill() }()
	if err := c.publish(""); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args  string
		want  answer
		fails bool
	}{
		{"kill greeter-1 greeter-1", answer{Verb: "kill", Units: []row{{Name: "greeter-1", State: killed}}, Error: "greeter-1 is killed, not up"}, true},
		{"start greeter-1", answer{Verb: "start", Units: []row{{Name: "greeter-1", State: up, PID: 1}}}, false},
		{"stop greeter-1", answer{Verb: "stop", Units: []row{{Name: "greeter-1", State: stopped}}}, false},
		{"scale 0", answer{Verb: "scale", Units: []row{{Name: "greeter-1", State: stopped}}}, false},
		{"freeze <x>", answer{Verb: "freeze", Error: "no replica is called <x>; there are greeter-1"}, true},
	} {
		out, err := asked(strings.Fields(tt.args)...)
		if (err != nil) != tt.fails || strings.Contains(out, `\u003c`) {
			t.Errorf("%s: %v, %s", tt.args, err, out)
		}
		var got answer
		if err := json.Unmarshal([]byte(out), &got); err != nil || strings.Count(out, "\n") != 1 {
			t.Errorf("%s: %v in %s", tt.args, err, out)
		}
		ignore := cmp.Options{cmpopts.IgnoreFields(row{}, "Since"), cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".PID" },
			cmp.Comparer(func(a, b int) bool { return (a > 0) == (b > 0) }))}
		if diff := cmp.Diff(tt.want, got, ignore); diff != "" {
			t.Errorf("%s: %s", tt.args, diff)
		}
	}
	fmt.Fprintln(u.log, `a "line"`)
	if out, err := asked("logs", "greeter-1"); err != nil || out != `{"name":"greeter-1","line":"a \"line\""}`+"\n" {
		t.Errorf("logs: %v, %s", err, out)
	}
}

func TestJSONWithoutASession(t *testing.T) {
	t.Chdir(t.TempDir())
	out, err := asked("down")
	if err == nil || out != `{"verb":"down","error":"`+err.Error()+"\"}\n" {
		t.Errorf("%v, %s", err, out)
	}
	out, err = asked()
	if _, ok := errors.AsType[console.UsageError](err); !ok || out != "" || !strings.HasPrefix(err.Error(), "--json: ") {
		t.Errorf("a session: %v, %s", err, out)
	}
}
