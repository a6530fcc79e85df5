package project

import (
	"fmt"
	"slices"
)

// orphans are the methods that the interface had and whose code is still
// there. Each of their places goes into the plan; with Options.Prune, what
// nobody touched goes away instead.
func (u *update) orphans(methods []string) []string {
	var out []string
	for _, m := range u.old.Methods {
		if slices.Contains(methods, m) {
			continue
		}
		found := false
		for _, fn := range slices.Clone(u.in.functions) {
			if !u.in.about(fn, m) {
				continue
			}
			if u.opt.Prune && u.origins.untouched(fn) {
				u.in.remove(fn)
				u.baseIn.removeStub(key(fn.decl))
				continue
			}
			found = true
			u.plan.Orphans = append(u.plan.Orphans, u.orphan(fn, m))
		}
		u.forget(m)
		if !found {
			continue
		}
		out = append(out, m)
		if became := u.became(m); became != "" {
			u.plan.Became = append(u.plan.Became, Rename{From: m, To: became})
		}
	}
	return out
}

// forget takes out of what kitgen wrote about m what somebody has removed: a merge
// would bring it up again.
func (u *update) forget(m string) {
	for _, fn := range slices.Clone(u.baseIn.functions) {
		there := slices.ContainsFunc(u.in.functions, func(mine function) bool { return u.in.about(mine, m) && key(mine.decl) == key(fn.decl) })
		if !there && u.baseIn.about(fn, m) {
			u.baseIn.remove(fn)
		}
	}
}

// about reports whether fn is the user's method m, or the test of it.
func (in *inserter) about(fn function, m string) bool {
	name := fn.decl.Name.Name
	return fn.recv != "" && fn.recv == in.impl && name == m || fn.recv == "" && name == "Test"+m
}

// orphan says where fn is, and what can be done about it.
func (u *update) orphan(fn function, m string) string {
	mend := "remove it, or rename it to the method it became"
	switch became := u.became(m); {
	case u.origins.untouched(fn):
		mend = "nobody touched it, so kitgen generate --prune removes it"
	case became != "":
		mend = fmt.Sprintf("remove it, or, if it became %s: kitgen generate --rename %s=%[1]s", became, m)
	}
	return fmt.Sprintf("%s %s: the interface has no %s; %s", u.in.src.fset.Position(fn.decl.Pos()), fn.decl.Name.Name, m, mend)
}

// became is the method that m probably is now: the only new one, or else the
// only one that nobody has written, of those with its signature; empty if m
// was not written either.
func (u *update) became(m string) string {
	was, ok := u.in.method(m)
	if !ok || u.origins.untouched(was) {
		return ""
	}
	sig := signatureOf(was.file.ast.Imports, was.decl)
	var fresh, unwritten []string
	for _, f := range u.files {
		for _, part := range f.Parts {
			if part.Func == nil || part.Func.Recv == nil || !signatureOf(nil, part.Func).alike(sig) {
				continue
			}
			switch have, ok := u.in.method(part.Method); {
			case !ok:
				fresh = append(fresh, part.Method)
			case u.origins.untouched(have):
				unwritten = append(unwritten, part.Method)
			}
		}
	}
	switch {
	case len(fresh) == 1:
		return fresh[0]
	case len(fresh) == 0 && len(unwritten) == 1:
		return unwritten[0]
	}
	return ""
}
