package main

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// shownFrames is how many of the frames that wait longest are printed.
const shownFrames = 5

// frame is where goroutines waited; of mutexes, who had them.
type frame struct {
	name  string // the function that is not the runtime's nor sync's, and its caller
	ns    float64
	times int64
}

// topFrames sums a profile up by who called into the runtime or sync, the
// longest wait first. Left out are those of this program, which are its
// goroutines' beginning and end, and those of goroutines that peers start when
// they are imported.
func topFrames(p *profile.Profile) []frame {
	sums := make(map[string]*frame)
	for _, s := range p.Sample {
		name, other := caller(s)
		if other || s.Value[1] <= 0 {
			continue
		}
		if sums[name] == nil {
			sums[name] = &frame{name: name}
		}
		sums[name].times += s.Value[0]
		sums[name].ns += float64(s.Value[1])
	}
	var all []frame
	for _, f := range sums {
		all = append(all, *f)
	}
	slices.SortFunc(all, func(a, b frame) int { return cmp.Or(cmp.Compare(b.ns, a.ns), cmp.Compare(a.name, b.name)) })
	return all
}

// caller returns who called into the runtime or sync, and whether that is no
// client's. Where the whole stack is the runtime's, it is the function that the
// stack begins with.
func caller(s *profile.Sample) (name string, other bool) {
	var stack []*profile.Function // innermost first
	for _, l := range s.Location {
		for _, line := range l.Line {
			stack = append(stack, line.Function)
		}
	}
	if len(stack) == 0 {
		return "unknown", false
	}
	first := slices.IndexFunc(stack, func(f *profile.Function) bool { return !isRuntime(f) })
	if first < 0 {
		return stack[len(stack)-1].Name, false
	}
	name = nameOf(stack[first])
	if first+1 < len(stack) && !isRuntime(stack[first+1]) {
		name += " of " + nameOf(stack[first+1])
	}
	return name, isOther(stack[first])
}

func isRuntime(f *profile.Function) bool {
	pkg, _, _ := strings.Cut(f.Name, ".")
	return pkg == "runtime" || pkg == "sync" || strings.HasPrefix(pkg, "internal/")
}

func isOther(f *profile.Function) bool {
	return isOwn(f) || strings.HasPrefix(f.Name, "github.com/go-kratos/") || strings.HasPrefix(f.Name, "github.com/zeromicro/")
}

// isOwn goes by the file: a closure of a function that was inlined here is named
// as if it were of this package.
func isOwn(f *profile.Function) bool {
	return strings.HasPrefix(f.Name, "main.") && path.Base(path.Dir(f.Filename)) == "peers"
}

func nameOf(f *profile.Function) string {
	if !strings.HasPrefix(f.Name, "main.") || isOwn(f) {
		return f.Name
	}
	parts := strings.Split(f.Name, ".")
	return path.Join(path.Base(path.Dir(f.Filename)), path.Base(f.Filename)) + ": " + strings.Join(parts[max(0, len(parts)-2):], ".")
}

// printFrames writes what share of all the goroutines' time the waits are, and
// the first of them.
func printFrames(out io.Writer, means, file string, frames []frame, all float64) {
	total := 0.0
	for _, f := range frames {
		total += f.ns
	}
	fmt.Fprintf(out, "  %.3g %% of the goroutines' time %s (%s)\n", 100*total/all, means, file)
	for _, f := range frames[:min(len(frames), shownFrames)] {
		fmt.Fprintf(out, "    %8.3g %%  %9d times  %s\n", 100*f.ns/all, f.times, f.name)
	}
}
