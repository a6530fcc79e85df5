package call

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// checkNames refuses an object with a member that d does not have.
func checkNames(d protoreflect.MessageDescriptor, object map[string]any) error {
	if d.ParentFile().Package() == "google.protobuf" {
		return nil // their JSON has a form of its own
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		f, err := member(d, name)
		if err != nil {
			return err
		}
		if err := checkMembers(f, object[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func checkMembers(f protoreflect.FieldDescriptor, v any) error {
	if f.IsMap() {
		f = f.MapValue()
	} else if object, ok := v.(map[string]any); ok && f.Message() != nil {
		return checkNames(f.Message(), object)
	}
	if f.Message() == nil {
		return nil
	}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if object, ok := v[key].(map[string]any); ok {
				if err := checkNames(f.Message(), object); err != nil {
					return fmt.Errorf("%s: %w", key, err)
				}
			}
		}
	case []any:
		for i, e := range v {
			if object, ok := e.(map[string]any); ok {
				if err := checkNames(f.Message(), object); err != nil {
					return fmt.Errorf("element %d: %w", i+1, err)
				}
			}
		}
	}
	return nil
}

// member finds a field by either of its names.
func member(d protoreflect.MessageDescriptor, name string) (protoreflect.FieldDescriptor, error) {
	var names []string
	for f := range each(d.Fields()) {
		if f.TextName() == name || f.JSONName() == name {
			return f, nil
		}
		names = append(names, f.JSONName())
	}
	return nil, noField(name, names)
}

// written is what was typed for f, as JSON: a list may have commas between its
// elements, and text needs no quotes.
func written(f protoreflect.FieldDescriptor, text string) json.RawMessage {
	if f.IsList() && !strings.HasPrefix(strings.TrimSpace(text), "[") {
		var list [][]byte
		for word := range strings.SplitSeq(text, ",") {
			if text != "" {
				list = append(list, writtenOne(f, strings.TrimSpace(word)))
			}
		}
		return slices.Concat([]byte("["), bytes.Join(list, []byte(",")), []byte("]"))
	}
	if f.IsList() || f.IsMap() {
		return json.RawMessage(text)
	}
	return writtenOne(f, text)
}

func writtenOne(f protoreflect.FieldDescriptor, text string) json.RawMessage {
	if plain := f.Kind() == protoreflect.StringKind || f.Kind() == protoreflect.BytesKind; !plain && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	quoted, err := json.Marshal(text)
	if err != nil { // of a string: cannot happen
		return json.RawMessage(`""`)
	}
	return quoted
}
