package httpgate_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestEdits makes 200 random edits to an interface, one after the other. After each
// that passes the gate without a word, callers of any version since the last word
// still find every route, the service reads what they send, they read what it
// answers, and its errors have the status that they had.
func TestEdits(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			is := newSketch()
			_, _, text := generated(t, is.source(), nil)
			known := []*version{newVersion(t, text)}
			refused, told := 0, 0
			for range 200 {
				next := is.clone()
				edit := next.edit(r)
				no, lost, document := generated(t, next.source(), text)
				if no != "" {
					if strings.Contains(strings.ReplaceAll(no, "KG066", ""), "KG0") {
						t.Fatalf("after %s: %s\n%s", edit, no, next.source())
					}
					refused++ // and the user takes it back
					continue
				}
				is, text = next, document
				now := newVersion(t, text)
				if lost != "" {
					told++
					known = nil
				}
				for _, was := range known[max(0, len(known)-3):] {
					was.talksTo(t, r, edit, now)
				}
				known = append(known, now)
			}
			t.Logf("of 200 edits %d were refused and %d told", refused, told)
			if refused < 20 || told < 10 || refused+told > 150 {
				t.Errorf("%d of 200 edits were refused and %d told; the test means little", refused, told)
			}
		})
	}
}

// version is a document that peers may have been built from.
type version struct {
	parts  map[string]map[string]any // schemas of what is sent and received, by route
	errors map[string]string         // status by code
	schema map[string]*jsonschema.Schema
	whole  map[string]any
}

func newVersion(t *testing.T, text []byte) *version {
	t.Helper()
	v := &version{parts: make(map[string]map[string]any), errors: make(map[string]string), schema: make(map[string]*jsonschema.Schema)}
	if err := json.Unmarshal(text, &v.whole); err != nil {
		t.Fatal(err)
	}
	for path, item := range v.whole["paths"].(map[string]any) {
		for verb, operation := range item.(map[string]any) {
			o := operation.(map[string]any)
			route := verb + " " + strings.NewReplacer("{id}", "{}", "{key}", "{}").Replace(path)
			v.parts[route+" sent"] = map[string]any{"type": "object", "properties": sentBy(o)}
			responses := o["responses"].(map[string]any)
			v.parts[route+" received"] = schemaIn(responses["200"])
			for status, response := range responses {
				codes, _ := response.(map[string]any)["x-codes"].([]any)
				for _, code := range codes {
					v.errors[code.(string)] = status
				}
			}
		}
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, format := range []string{"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"} {
		c.RegisterFormat(&jsonschema.Format{Name: format, Validate: func(n any) error {
			if limit := bits(format); new(big.Int).Abs(number(n)).BitLen() > limit {
				return fmt.Errorf("%v has more than %d bits", n, limit)
			}
			return nil
		}})
	}
	resource := map[string]any{"components": v.whole["components"], "parts": map[string]any{}}
	names := slices.Sorted(maps.Keys(v.parts))
	for i, name := range names {
		resource["parts"].(map[string]any)[strconv.Itoa(i)] = v.parts[name]
	}
	if err := c.AddResource("version.json", resource); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		s, err := c.Compile("version.json#/parts/" + strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		v.schema[name] = s
	}
	return v
}

// sentBy are the parts of a request: its parameters, and its body.
func sentBy(operation map[string]any) map[string]any {
	parts := make(map[string]any)
	list, _ := operation["parameters"].([]any)
	for _, param := range list {
		p := param.(map[string]any)
		if p["in"] == "path" { // there is one at most
			parts["in the path"] = p["schema"]
		} else {
			parts["?"+p["name"].(string)] = p["schema"]
		}
	}
	if body := schemaIn(operation["requestBody"]); body != nil {
		parts["body"] = body
	}
	return parts
}

// schemaIn is that of the JSON that a body is; nil if there is none.
func schemaIn(body any) map[string]any {
	b, ok := body.(map[string]any)
	if !ok {
		return nil
	}
	return b["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
}

// bits are those of a whole number of that format, without its sign.
func bits(format string) int {
	n, _ := strconv.Atoi(strings.TrimLeft(format, "uint"))
	if format[0] == 'i' {
		n--
	}
	return n
}

// number is a whole number in JSON; 0 of anything else.
func number(n any) *big.Int {
	i, ok := new(big.Int).SetString(fmt.Sprint(n), 10)
	if !ok {
		return new(big.Int)
	}
	return i
}

// talksTo has callers of one version call another.
func (v *version) talksTo(t *testing.T, r *rand.Rand, edit string, now *version) {
	t.Helper()
	for code, status := range v.errors {
		if now.errors[code] != status {
			t.Fatalf("after %s: %s had status %s, and has %q", edit, code, status, now.errors[code])
		}
	}
	for part := range v.parts {
		if now.parts[part] == nil {
			t.Fatalf("after %s: nothing is %s", edit, part)
		}
		from, to := v, now
		if strings.HasSuffix(part, " received") {
			from, to = now, v
		}
		for range 5 {
			value := from.some(r, from.parts[part], 4)
			if err := to.schema[part].Validate(to.listed(part, value)); err != nil {
				t.Fatalf("after %s: %s: %v\n%v", edit, part, err, value)
			}
		}
	}
}

// listed is a request with lists where a query has several of what was one: in a URL,
// both look the same.
func (v *version) listed(part string, value any) any {
	properties, _ := v.parts[part]["properties"].(map[string]any)
	request, _ := value.(map[string]any)
	for name, one := range request {
		s, _ := properties[name].(map[string]any)
		if _, already := one.([]any); name[0] == '?' && s["type"] == "array" && !already {
			request[name] = []any{one}
		}
	}
	return value
}

// some is a value of a schema.
func (v *version) some(r *rand.Rand, s map[string]any, depth int) any {
	if ref, ok := s["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		return v.some(r, v.whole["components"].(map[string]any)["schemas"].(map[string]any)[name].(map[string]any), depth)
	}
	if either, ok := s["anyOf"].([]any); ok {
		if r.IntN(4) == 0 || depth <= 0 {
			return nil
		}
		return v.some(r, either[0].(map[string]any), depth)
	}
	kind, _ := s["type"].(string)
	if kinds, ok := s["type"].([]any); ok {
		kind = kinds[0].(string)
		if r.IntN(4) == 0 {
			return nil
		}
	}
	return v.someOf(r, kind, s, depth)
}

func (v *version) someOf(r *rand.Rand, kind string, s map[string]any, depth int) any {
	switch kind {
	case "boolean":
		return r.IntN(2) == 0
	case "integer":
		return someInteger(r, s["format"].(string))
	case "number":
		return json.Number("1.5")
	case "string":
		if s["format"] == "date-time" {
			return "2006-01-02T15:04:05Z"
		}
		if s["contentEncoding"] != nil {
			return "AAAA"
		}
		return strconv.Itoa(r.IntN(1000)) + "x"
	case "array":
		n := r.IntN(3)
		if most, ok := s["maxItems"].(float64); ok {
			n = int(most)
		}
		list := make([]any, n)
		for i := range list {
			list[i] = v.some(r, s["items"].(map[string]any), depth-1)
		}
		return list
	}
	out := make(map[string]any)
	if of, ok := s["additionalProperties"].(map[string]any); ok {
		out[strconv.Itoa(r.IntN(9))] = v.some(r, of, depth-1)
		if s["propertyNames"] == nil {
			out["text"] = v.some(r, of, depth-1)
		}
	}
	properties, _ := s["properties"].(map[string]any)
	required, _ := s["required"].([]any)
	for key, of := range properties {
		if slices.Contains(required, any(key)) || depth > 0 && r.IntN(3) > 0 {
			out[key] = v.some(r, of.(map[string]any), depth-1)
		}
	}
	return out
}

func someInteger(r *rand.Rand, format string) json.Number {
	n := new(big.Int).SetUint64(r.Uint64() >> (64 - bits(format)))
	if format[0] == 'i' && r.IntN(2) == 0 {
		n.Neg(n)
	}
	return json.Number(n.String())
}
