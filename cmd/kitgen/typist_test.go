package main_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// typist plays a document.
type typist struct {
	t    *testing.T
	dir  string // where the shell is
	env  []string
	last string            // what the last command printed
	on   *exec.Cmd         // the command that goes on, if there is one
	off  chan error        // gets its end
	log  string            // file with what it prints
	port *strings.Replacer // from the documents' port to the one that was free
}

func play(t *testing.T, d *document) {
	t.Helper()
	bin := t.TempDir()
	p := &typist{t: t, dir: "../..", log: filepath.Join(bin, "log"), port: strings.NewReplacer()}
	if err := os.WriteFile(filepath.Join(bin, ".curlrc"), []byte("silent\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.env = append(os.Environ(), "CURL_HOME="+bin, "GOBIN="+bin, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "TMPDIR="+t.TempDir())
	t.Cleanup(p.end)
	for _, b := range d.blocks {
		text := strings.Join(d.lines[b.from:b.to], "\n") + "\n"
		switch b.lang {
		case "console":
			for _, s := range b.steps {
				p.step(s)
			}
		case "diff":
			p.edit(text)
		case "go":
			p.write(text)
		case "":
		default:
			if !printed(d.lines[b.from:b.to], p.last, true) {
				t.Errorf("line %d: not what the last command printed, which is\n%s", b.from, p.last)
			}
		}
		if t.Failed() {
			t.Fatalf("in the block at line %d", b.from)
		}
	}
}

// hang is when the test gives up on something that should have happened.
const hang = 4 * time.Minute

var goesOn = regexp.MustCompile(`^(make -C \w+|kitgen dev( -.*)?)$`)

func (p *typist) step(s *step) {
	want, code := s.want, 0
	if n := len(want); n > 0 && strings.HasPrefix(want[n-1], "exit ") {
		code, _ = strconv.Atoi(want[n-1][len("exit "):])
		want = want[:n-1]
	}
	if goesOn.MatchString(s.text) {
		p.start(s)
		return
	}
	out, got := p.run(p.port.Replace(s.text))
	p.last = out
	if s.text == "kitgen dev down" {
		p.wait()
	}
	if got == code && (len(want) == 0 || printed(want, out, true)) {
		return
	}
	if *update {
		s.now = strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if got != 0 {
			s.now = append(s.now, "exit "+strconv.Itoa(got))
		}
		return
	}
	p.t.Errorf("line %d: $ %s\nexit %d, want %d; it printed\n%s", s.line+1, s.text, got, code, out)
}

// run types a command and waits for its end.
func (p *typist) run(command string) (out string, code int) {
	p.t.Helper()
	pwd := filepath.Join(filepath.Dir(p.log), "pwd")
	cmd := p.command(command + "\ncode=$?; pwd >'" + pwd + "'; exit $code")
	text, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		p.t.Fatal(err)
	}
	if dir, err := os.ReadFile(pwd); err == nil {
		p.dir = strings.TrimSpace(string(dir))
	}
	return string(text), cmd.ProcessState.ExitCode()
}

func (p *typist) command(script string) *exec.Cmd {
	cmd := exec.CommandContext(p.t.Context(), "bash", "-c", script)
	cmd.Dir, cmd.Env = p.dir, p.env
	return cmd
}

var door = regexp.MustCompile(`answers HTTP at 127\.0\.0\.1:(\d+)`)

// start types a command that goes on, and waits for what it is to print first.
func (p *typist) start(s *step) {
	p.t.Helper()
	log, err := os.Create(p.log)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.on = exec.Command("bash", "-c", s.text) // it ends when the document says so
	p.on.Dir, p.on.Env, p.on.Stdout, p.on.Stderr = p.dir, p.env, log, log
	p.on.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.on.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.off = make(chan error, 1)
	go func() { p.off <- p.on.Wait() }()
	for deadline := time.Now().Add(hang); ; time.Sleep(50 * time.Millisecond) {
		text, err := os.ReadFile(p.log)
		if err != nil {
			p.t.Fatal(err)
		}
		m := door.FindSubmatch(text)
		if m != nil && printed(s.want, string(text), false) {
			p.port = strings.NewReplacer(":8080", ":"+string(m[1]))
			return
		}
		if time.Now().After(deadline) || len(p.off) > 0 {
			p.t.Fatalf("line %d: $ %s\nit never printed that, but\n%s", s.line+1, s.text, text)
		}
	}
}

// wait waits for the end of the command that goes on.
func (p *typist) wait() {
	p.t.Helper()
	if p.on == nil {
		return
	}
	hard := time.AfterFunc(time.Minute, func() {
		p.t.Error("the command that went on did not end")
		_ = syscall.Kill(-p.on.Process.Pid, syscall.SIGKILL)
	})
	defer hard.Stop()
	<-p.off // make says how it was ended, which is no matter
	p.on = nil
}

// end is Ctrl-C.
func (p *typist) end() {
	if p.on != nil {
		_ = syscall.Kill(-p.on.Process.Pid, syscall.SIGINT)
		p.wait()
	}
}

// edit makes a change to a file.
func (p *typist) edit(diff string) {
	p.t.Helper()
	head, hunk, _ := strings.Cut(diff, "\n")
	name := filepath.Join(p.dir, strings.TrimPrefix(head, "--- "))
	text, err := os.ReadFile(name)
	if err != nil {
		p.t.Fatal(err)
	}
	var before, after strings.Builder
	for line := range strings.Lines(hunk) {
		switch {
		case strings.HasPrefix(line, "-"):
			before.WriteString(line[1:])
		case strings.HasPrefix(line, "+"):
			after.WriteString(line[1:])
		default:
			line = strings.TrimPrefix(line, " ")
			before.WriteString(line)
			after.WriteString(line)
		}
	}
	if n := strings.Count(string(text), before.String()); n != 1 {
		p.t.Fatalf("%s has %d times\n%s", name, n, before.String())
	}
	text = []byte(strings.Replace(string(text), before.String(), after.String(), 1))
	if err := os.WriteFile(name, text, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

var packageClause = regexp.MustCompile(`(?m)^package (\w+)$`)

// write makes a file of a whole one.
func (p *typist) write(text string) {
	p.t.Helper()
	if m := packageClause.FindStringSubmatch(text); m != nil {
		if err := os.WriteFile(filepath.Join(p.dir, m[1]+".go"), []byte(text), 0o600); err != nil {
			p.t.Fatal(err)
		}
	}
}

// printed reports whether the lines are those of out, or, unless it has to be
// all of them, stand in it in their order.
func printed(lines []string, out string, all bool) bool {
	var re bytes.Buffer
	re.WriteString(map[bool]string{true: `\A`, false: `(?m:^)`}[all])
	for line := range strings.Lines(steady(strings.Join(lines, "\n") + "\n")) {
		if !all {
			re.WriteString(`(?:.*\n)*?`)
		}
		if line = strings.TrimSuffix(line, "\n"); line == "…" {
			re.WriteString(`(?:.*\n)*?`)
			continue
		}
		re.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + `\n`)
	}
	if all {
		re.WriteString(`\s*\z`)
	}
	return regexp.MustCompile(re.String()).MatchString(steady(out) + "\n")
}

// steady is text without what is another each time.
func steady(text string) string {
	for _, r := range unsteady {
		text = r.re.ReplaceAllString(text, r.to)
	}
	return text
}

var unsteady = []struct {
	re *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`(?m)^[a-z]+-\d+ +\d+\n`), ""}, // calls that a replica answered
	{regexp.MustCompile(`retries +\d+`), "retries N"},
	{regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`), "$1:N"},
	{regexp.MustCompile(`\bpid \d+`), "pid N"},
	{regexp.MustCompile(`\bidentical \d+ files?|\bline \d+|\.go:\d+:\d+`), "N"}, // of templates that change
	{regexp.MustCompile(`(?m)^([a-z]+(?:-\d+)? +[a-z]+ +)\d+ `), "${1}N "},      // kitgen dev ps
	{regexp.MustCompile(`\b\d+(\.\d+)? ?(ms|µs|s)\b`), "N $2"},
	{regexp.MustCompile(`\bgo1\.\d+(\.\d+)?\b`), "goN"},
	{regexp.MustCompile(`[ \t]+`), " "},
}
