package project

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// docLink is a name in brackets, as in a doc comment, that is no link to a page.
var docLink = regexp.MustCompile(`\[\*?((?:[\pL_][\pL_\d]*\.)*[\pL_][\pL_\d]*)\](?:[^:(\[]|$)`)

// links renames in doc links of functions, and in the comments inside. Those of
// types and of the interface travel into generated files, and are for the user
// to change.
func (p *checkedPackage) links(s spots, file *goFile, iface string) {
	owners := map[string]bool{iface: true}
	for _, recv := range p.methods {
		owners[recv] = true
	}
	local := p.localName(file)
	for _, group := range file.ast.Comments {
		if !ofFunction(file.ast, group) {
			continue
		}
		for _, c := range group.List {
			for _, at := range docLink.FindAllStringSubmatchIndex(c.Text, -1) {
				p.link(s, file, c.Pos()+token.Pos(at[2]), strings.Split(c.Text[at[2]:at[3]], "."), local, owners)
			}
		}
	}
}

// link renames in one link, which is at pos and has the parts between its dots.
func (p *checkedPackage) link(s spots, file *goFile, pos token.Pos, parts []string, local string, owners map[string]bool) {
	ours := p.inside(file)
	if local != "" && parts[0] == local && len(parts) > 1 {
		pos, parts, ours = pos+token.Pos(len(local)+1), parts[1:], true
	}
	name := parts[0]
	if to := p.successor(name); to != "" && ours && p.service.Scope().Lookup(p.rename.From) == nil && (len(parts) == 1 || name != p.rename.From) {
		s.put(file, pos, to)
	}
	generated := p.service.Scope().Lookup(name)
	owner := owners[name] || ours && generated != nil && p.isGenerated(generated.Pos())
	if len(parts) == 2 && owner && parts[1] == p.rename.From {
		s.put(file, pos+token.Pos(len(name)+1), p.rename.To)
	}
}

// localName is what a file calls the service's package; empty if it does not.
func (p *checkedPackage) localName(file *goFile) string {
	for _, imp := range file.ast.Imports {
		switch what, err := strconv.Unquote(imp.Path.Value); {
		case err != nil || what != p.module:
		case imp.Name != nil:
			return imp.Name.Name
		default:
			return path.Base(what)
		}
	}
	return ""
}

// ofFunction reports whether a comment is above a function, or inside.
func ofFunction(file *ast.File, group *ast.CommentGroup) bool {
	for _, d := range file.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if ok && (group == fn.Doc || fn.Pos() <= group.Pos() && group.End() <= fn.End()) {
			return true
		}
	}
	return false
}
