package main

import (
	"io"
	"strings"
	"testing"
)

func TestRowsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows() {
		switch {
		case seen[r.name]:
			t.Errorf("there are two rows called %q", r.name)
		case r.fault == "" || r.then == "" || r.bound <= 0:
			t.Errorf("row %q does not say what is done, what must follow, and within what", r.name)
		case r.run == nil && (r.needs == nil || r.needs() == nil):
			t.Errorf("row %q can neither run nor say why not", r.name)
		}
		seen[r.name] = true
	}
}

// The faults of the reference that are about discovery, registration and
// shutdown each have a row at least.
func TestRowsAreComplete(t *testing.T) {
	has := map[string]bool{}
	for _, r := range rows() {
		number, _, _ := strings.Cut(r.name, " ")
		has[number] = true
	}
	for number := range strings.FieldsSeq("1 2 3 4 5 6 8 9 10 11 12 13 15 16 17 18 20 21 23 24 25 27 28 29 30 31 32 33 35 41 42 43 45 46 47 48 start stop") {
		if !has[number] {
			t.Errorf("no row is about fault %s", number)
		}
	}
}

func TestParse(t *testing.T) {
	for args, want := range map[string]string{
		"-run (":              "-run: error parsing regexp",
		"-run nothing-at-all": "matches no row: -list has all of them",
		"-parallel 0":         "-parallel is 0: give 1 or more",
		"-stretch 0":          "-stretch is 0: give 1 or more",
		"-soak 1s":            "-soak is 1s: give at least 10s",
		"etcd":                `unexpected argument "etcd": rows are picked by -run`,
		"-soak long":          `invalid value "long" for flag -soak`,
	} {
		if _, err := parse(strings.Fields(args), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v; want %q in it", args, err, want)
		}
	}
	m, err := parse([]string{"-smoke", "-run", "consul"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range m.rows {
		if !strings.Contains(r.name+r.fault, "consul") {
			t.Errorf("-run consul picked %q", r.name)
		}
	}
	if len(m.rows) != 4 || !m.length.short {
		t.Errorf("%d rows of the smoke are about Consul, short: %v; want 4, all of them", len(m.rows), m.length.short)
	}
}

func TestCommandsSayWhatIsWrong(t *testing.T) {
	for _, args := range [][]string{{"row", "-name", "no such"}, {"-nonsense"}, {"wake", "-after", "soon"}, {"herd", "-size", "many"}, {"instance", "-target", "nowhere"}} {
		if code := command(args); code == 0 {
			t.Errorf("%q ended with status 0", args)
		}
	}
	for want, args := range map[string][]string{
		"pass a free port":      {"-listen", "nowhere:x"},
		"it has no scheme":      {"-target", "nowhere"},
		"no registry is called": {"-target", "zk://127.0.0.1:1/svc"},
	} {
		if err := runInstance(args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("instance %q: error %v; want %q in it", args, err, want)
		}
	}
}
