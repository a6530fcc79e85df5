package render

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var updateModel = flag.Bool("update-model", false, "write the model of templates as it is now")

// TestModel compares the model with the one that users' templates were written
// for: of that, nothing may be missing.
func TestModel(t *testing.T) {
	const golden = "testdata/model.txt"
	if *updateModel {
		if err := os.WriteFile(golden, []byte(ModelDoc()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if lacks := Lacks(string(was)); len(lacks) > 0 {
		t.Errorf("templates of users may use this, and it is gone; put it back, or raise Model and run with -update-model:\n%s", strings.Join(lacks, "\n"))
	}
	for _, line := range []string{"    Name string\n", "    Helper(name string) bool\n", "    Signature string\n        Signature is the parameter list, context first, without parentheses."} {
		if !strings.Contains(ModelDoc(), line) {
			t.Errorf("the model does not say %q", line)
		}
	}
}
