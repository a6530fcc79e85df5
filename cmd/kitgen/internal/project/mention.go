package project

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// mostMentions is how many of a rename are listed.
const mostMentions = 20

// mentions tells where strings and comments of the user's still say what was
// renamed: what a string means only the user knows.
func (u *update) mentions() error {
	texts := maps.Clone(u.others)
	for _, f := range u.src.files {
		texts[f.name] = f.text
	}
	for _, c := range u.plan.Changes {
		if _, ok := texts[c.Path]; ok {
			texts[c.Path] = c.New
		}
	}
	for _, r := range u.renamed {
		var found []string
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			found = append(found, said(name, texts[name], r)...)
		}
		if more := len(found) - mostMentions; more > 0 {
			found = append(found[:mostMentions], fmt.Sprintf("%s: and %d more places say %s", strings.SplitN(found[mostMentions], ":", 2)[0], more, r.From))
		}
		u.plan.Stale = append(u.plan.Stale, found...)
	}
	return nil
}

// said are the lines of a file where a string or a comment says the old name.
func said(name string, text []byte, r Rename) []string {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return nil
	}
	byLine := map[int]string{}
	word := regexp.MustCompile(`\b` + r.From + `\b`)
	look := func(pos token.Pos, what, text string) {
		for i, line := range strings.Split(text, "\n") {
			if word.MatchString(line) {
				at := fset.PositionFor(pos, false).Line + i
				byLine[at] = fmt.Sprintf("%s:%d: a %s still says %s, which is %s now", name, at, what, r.From, r.To)
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			look(lit.Pos(), "string", lit.Value)
		}
		return true
	})
	for _, group := range f.Comments {
		for _, c := range group.List {
			if !strings.HasPrefix(c.Text, "//kit:was ") { // is how it was said
				look(c.Pos(), "comment", c.Text)
			}
		}
	}
	var found []string
	for _, at := range slices.Sorted(maps.Keys(byLine)) {
		found = append(found, byLine[at])
	}
	return found
}
