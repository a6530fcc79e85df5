package project

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMerge(t *testing.T) {
	tests := []struct {
		name, base, yours, next, want string
		conflicts                     int
	}{
		{name: "nothing new", base: "a b c", yours: "a x c", next: "a b c", want: "a x c"},
		{name: "untouched", base: "a b c", yours: "a b c", next: "a x c d", want: "a x c d"},
		{name: "both alike", base: "a b c", yours: "a x c", next: "a x c", want: "a x c"},
		{name: "apart", base: "a b c d e", yours: "x a b c d e", next: "a b c d y", want: "x a b c d y"},
		{name: "removed and added", base: "a b c d e", yours: "a c d e", next: "a b c d x e", want: "a c d x e"},
		{name: "both add at one place", base: "a b", yours: "a x b", next: "a y b", want: "a x y b"},
		{name: "both add at the end", base: "a", yours: "a x", next: "a y", want: "a x y"},
		{name: "both add, and partly the same", base: "a b", yours: "a x y b", next: "a x z b", want: "a x y z b"},
		{name: "one line twice", base: "a b c", yours: "a x c", next: "a y c", want: "a <<<<<<<_yours x |||||||_what_kitgen_wrote_before b ======= y >>>>>>>_what_kitgen_writes_now c", conflicts: 1},
		{name: "changed and removed", base: "a b c", yours: "a c", next: "a y c", want: "a <<<<<<<_yours |||||||_what_kitgen_wrote_before b ======= y >>>>>>>_what_kitgen_writes_now c", conflicts: 1},
		{name: "from nothing", base: "", yours: "", next: "a", want: "a"},
		{name: "everything goes", base: "a b", yours: "a b", next: "", want: ""},
		{name: "lines that repeat", base: "{ a } { b } { c }", yours: "{ a } { b } { mine } { c }", next: "{ a } { d } { c }", want: "{ a } { d } { mine } { c }"},
	}
	text := func(s, eol string) []byte {
		var b strings.Builder
		for word := range strings.FieldsSeq(s) {
			b.WriteString(strings.ReplaceAll(word, "_", " ") + eol)
		}
		return []byte(b.String())
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, eol := range []string{"\n", "\r\n"} {
				got := merge(text(tt.base, "\n"), text(tt.yours, eol), text(tt.next, "\n"), false)
				want := string(text(tt.want, eol))
				if tt.yours == "" {
					want = string(text(tt.want, "\n"))
				}
				if diff := cmp.Diff(want, string(got.text)); diff != "" || got.conflicts != tt.conflicts {
					t.Errorf("lines end in %q: %d conflicts (-want +got)\n%s", eol, got.conflicts, diff)
				}
			}
			if got := merge(text(tt.base, "\n"), text(tt.yours, "\n"), text(tt.next, "\n"), true); got.conflicts != 0 {
				t.Errorf("yours are kept, and there are %d conflicts", got.conflicts)
			}
		})
	}
}

func TestMergeOpenEnd(t *testing.T) {
	got := merge([]byte("a\n"), []byte("a\nmine"), []byte("a\nnew\n"), false)
	if want := "a\nmine\nnew\n"; string(got.text) != want {
		t.Errorf("%q, want %q", got.text, want)
	}
}

// TestMergeAtRandom changes one text in two ways. What was added by one side
// must be there, whatever the other did; one side alone must come out as it is.
func TestMergeAtRandom(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 7))
		var base []string
		for range r.IntN(12) {
			base = append(base, string(rune('a'+r.IntN(6)))+"\n")
		}
		edited := func(side string) []string {
			var out []string
			for i, l := range base {
				switch r.IntN(8) {
				case 0:
				case 1:
					out = append(out, fmt.Sprintf("%s%d\n", side, i), l)
				default:
					out = append(out, l)
				}
			}
			return out
		}
		join := func(ls []string) []byte { return []byte(strings.Join(ls, "")) }
		yours, next := edited("yours"), edited("next")
		if got := merge(join(base), join(yours), join(base), false); string(got.text) != string(join(yours)) {
			t.Fatalf("seed %d: without news: %q, want %q", seed, got.text, yours)
		}
		if got := merge(join(base), join(base), join(next), false); string(got.text) != string(join(next)) {
			t.Fatalf("seed %d: untouched: %q, want %q", seed, got.text, next)
		}
		got := string(merge(join(base), join(yours), join(next), false).text)
		for _, l := range append(yours, next...) {
			if len(l) > 2 && strings.Count(got, l) != 1 {
				t.Fatalf("seed %d: %q is there %d times\nbase %q\nyours %q\nnext %q\ngot %q", seed, l, strings.Count(got, l), base, yours, next, got)
			}
		}
	}
}
