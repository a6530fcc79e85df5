package spec

import (
	"cmp"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// member is a field that travels: the struct's own, or promoted from an
// embedded one.
type member struct {
	v       *types.Var
	key     string // JSON key
	tagged  bool   // the key is from a tag
	quoted  bool   // the tag wants the value within a string
	through []Embedding
}

// members are the fields of a struct as encoding/json has them: those of
// embedded structs among its own, and of several with one key the one that is
// embedded least, or else the only one whose tag says so. Where encoding/json
// drops all of them, as none wins, they are refused.
func (l *loader) members(owner string, st *types.Struct, u use) (winners []member, ok bool) {
	all, ok := l.flatten(owner, st, nil, nil, u)
	byKey := make(map[string][]member)
	for _, m := range all {
		byKey[m.key] = append(byKey[m.key], m)
	}
	for _, m := range all {
		best := dominant(byKey[m.key])
		switch {
		case len(best) == 1 && best[0].path() == m.path(), len(m.through) == 0:
			winners = append(winners, m) // of two of the struct's own, describeFields says more
		case len(best) > 1 && best[1].path() == m.path():
			ok = false
			l.badUse(l.within(u, m.v), "KG033", "rename one, or give an embedded struct a name",
				"struct %s has %s and %s, and neither wins the JSON key %q", owner, best[0].path(), best[1].path(), m.key)
		}
	}
	return winners, ok
}

// within is the use of a type in field v of the struct that is used as u.
func (l *loader) within(u use, v *types.Var) use {
	if l.mine(v.Pos()) {
		return use{at: v.Pos()}
	}
	return use{at: u.at, foreign: true}
}

// dominant are the fields that no other with their key is above.
func dominant(list []member) []member {
	rank := func(m member) int {
		r := 2 * len(m.through)
		if !m.tagged {
			r++
		}
		return r
	}
	least := rank(slices.MinFunc(list, func(a, b member) int { return cmp.Compare(rank(a), rank(b)) }))
	return slices.DeleteFunc(slices.Clone(list), func(m member) bool { return rank(m) > least })
}

// path is the selector of m below the struct.
func (m member) path() string {
	var names []string
	for _, e := range m.through {
		names = append(names, e.Name)
	}
	return strings.Join(append(names, m.v.Name()), ".")
}

// flatten lists fields depth first. open are the structs that are being
// flattened: one that embeds itself adds nothing new.
func (l *loader) flatten(owner string, st *types.Struct, through []Embedding, open []*types.Struct, u use) (list []member, ok bool) {
	if slices.Contains(open, st) {
		return nil, true
	}
	open, ok = append(open, st), true
	for i := range st.NumFields() {
		v := st.Field(i)
		key, tagged, omit := jsonKey(v.Name(), st.Tag(i))
		if omit {
			continue
		}
		fu := l.within(u, v)
		if !l.unlocked(owner, v, fu) {
			ok = false
			continue
		}
		inner, e, verdict := l.embedded(owner, v, tagged, fu)
		switch verdict {
		case refused:
			ok = false
		case promotes:
			more, fine := l.flatten(owner, inner, append(slices.Clone(through), e), open, u)
			list, ok = append(list, more...), ok && fine
		case plain:
			if v.Exported() {
				list = append(list, member{v, key, tagged, inString(st.Tag(i)), through})
			} else if !fu.foreign && !v.Embedded() && v.Name() != "_" {
				l.warn(fu.at, "KGW07", `export it, or tag it json:"-" if it shall stay behind`, "field %s of %s is not exported, and does not travel", v.Name(), owner)
			}
		}
	}
	return list, ok
}

// verdict is what becomes of a field.
type verdict int

const (
	plain    verdict = iota // it is a field
	promotes                // it gives the fields of its struct
	refused
)

// embedded is the struct whose fields v promotes, if it does.
func (l *loader) embedded(owner string, v *types.Var, tagged bool, u use) (*types.Struct, Embedding, verdict) {
	if !v.Embedded() || tagged {
		return nil, Embedding{}, plain
	}
	t := types.Unalias(v.Type())
	ptr, pointer := t.(*types.Pointer)
	if pointer {
		t = types.Unalias(ptr.Elem())
	}
	named, ok := t.(*types.Named)
	if !ok {
		return nil, Embedding{}, plain // an alias of a type without a name, or an invalid one
	}
	if named.Obj().Pkg() == nil { // error
		l.badUse(u, "KG030", "use a string, or leave it out", "struct %s embeds %s, which does not travel", owner, v.Name())
		return nil, Embedding{}, refused
	}
	name := v.Name() + " " + l.spell(v.Type())
	if l.ownFormat(named) {
		l.badUse(u, "KG033", "give the field a name: "+name, "struct %s embeds %s, whose methods would make JSON of it and drop the other fields", owner, v.Name())
		return nil, Embedding{}, refused
	}
	d, err := l.resolve(named)
	if err != nil {
		u.what = "struct " + owner + " embeds " + v.Name()
		l.unread(u, err)
		return nil, Embedding{}, refused
	}
	st, ok := d.under.(*types.Struct)
	switch {
	case !ok:
		return nil, Embedding{}, plain
	case !v.Exported() && (pointer || u.foreign):
		l.badUse(u, "KG033", "export the type, or embed it without the star", "struct %s embeds %s, which JSON cannot allocate as it is not exported", owner, v.Name())
		return nil, Embedding{}, refused
	}
	return st, Embedding{Name: v.Name(), Go: l.spell(named), Pointer: pointer}, promotes
}

// unlocked checks that a struct has no lock in it: its messages are made of
// copies, and a copy of a lock is another one.
func (l *loader) unlocked(owner string, v *types.Var, u use) bool {
	named, ok := types.Unalias(v.Type()).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return true
	}
	switch path := named.Obj().Pkg().Path(); {
	case path == "sync" && named.Obj().Name() != "Locker", path == "sync/atomic":
		l.badUse(u, "KG030", "keep what travels in a struct without it", "struct %s has a %s.%s, which must not be copied, and what travels is", owner, path, named.Obj().Name())
		return false
	}
	return true
}

// jsonKey is the name encoding/json gives a field, by its rules.
func jsonKey(name, tag string) (key string, tagged, omit bool) {
	tag = reflect.StructTag(tag).Get("json")
	if tag == "-" {
		return "", false, true
	}
	key, _, _ = strings.Cut(tag, ",")
	valid := key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r)
	})
	if !valid {
		return name, false, false
	}
	return key, true, false
}

// inString reports whether a tag asks encoding/json to write a value within a string,
// as it does for scalars.
func inString(tag string) bool {
	_, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
	return slices.Contains(strings.Split(options, ","), "string")
}
