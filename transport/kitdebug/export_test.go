package kitdebug

import (
	"iter"
	"reflect"
	"strings"
)

// JSONNames yields the names in the JSON.
func JSONNames() iter.Seq[string] {
	return func(yield func(string) bool) { names(reflect.TypeFor[document](), yield) }
}

func names(t reflect.Type, yield func(string) bool) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() == "time" {
		return true
	}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		if !yield(name) || !names(f.Type, yield) {
			return false
		}
	}
	return true
}
