package render

import (
	"bytes"
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/render/testdata/rows"
)

// TestSchemasTellTheTruth has encoding/json write values of every type that it knows
// something particular of, and holds them against what the document says of them.
func TestSchemasTellTheTruth(t *testing.T) {
	document := decode(t, documentOf(t, load(t, "rows", string(must(os.ReadFile("testdata/rows/rows.go"))(t)))))
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	c.AssertContent() // what is within a string, too
	if err := c.AddResource("document.json", document); err != nil {
		t.Fatal(err)
	}
	schema := must(c.Compile("document.json#/components/schemas/All"))(t)
	properties, _ := lookup(document, "#/components/schemas/All/properties").(map[string]any)
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		var v rows.All
		if n > 0 { // and once with nothing in it
			fillRow(r, reflect.ValueOf(&v).Elem())
		}
		for _, form := range []any{v, &v} { // methods of a pointer are called on what it points to alone
			text := must(json.Marshal(form))(t)
			value := decode(t, text)
			if err := schema.Validate(value); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			for key := range value.(map[string]any) {
				if properties[key] == nil {
					t.Fatalf("nothing is said of %s", key)
				}
			}
		}
	}
}

// TestSchemasOfRows is what is said of each, where its kind alone would be a lie.
func TestSchemasOfRows(t *testing.T) {
	document := decode(t, documentOf(t, load(t, "rows", string(must(os.ReadFile("testdata/rows/rows.go"))(t)))))
	own := func(of string) string { return `{"description":"what the methods of ` + of + ` make of it"}` }
	for name, want := range map[string]string{
		"Time":      `{"format":"date-time","type":"string"}`,
		"Duration":  `{"description":"nanoseconds","format":"int64","type":"integer"}`,
		"Raw":       `{}`,
		"Bytes":     `{"contentEncoding":"base64","type":["string","null"]}`,
		"Octets":    `{"contentEncoding":"base64","type":["string","null"]}`,
		"Words":     `{"items":{"type":"string"},"type":["array","null"]}`,
		"Number":    `{"type":"number"}`,
		"BigInt":    `{"anyOf":[{"type":"integer"},{"type":"null"}]}`,
		"BigFloat":  `{"anyOf":[{"type":"string"},{"type":"null"}]}`,
		"BigRat":    `{"anyOf":[{"type":"string"},{"type":"null"}]}`,
		"Level":     `{"type":"string"}`,
		"Addr":      `{"type":"string"}`,
		"IP":        `{"type":"string"}`,
		"Money":     own("Money"),
		"Monies":    `{"items":{"anyOf":[` + own("Money") + `,{"type":"null"}]},"type":["array","null"]}`,
		"Code":      own("Code"),
		"Written":   own("Written"),
		"Maybe":     own("Maybe[Point]"),
		"Mood":      `{"type":"string"}`,
		"Tone":      own("Tone"),
		"ByInt":     `{"additionalProperties":{"type":"boolean"},"propertyNames":{"pattern":"^-?[0-9]+$"},"type":["object","null"]}`,
		"IntSet":    `{"additionalProperties":{"type":"object"},"propertyNames":{"pattern":"^-?[0-9]+$"},"type":["object","null"]}`,
		"qInt":      `{"contentMediaType":"application/json","contentSchema":{"format":"int64","type":"integer"},"type":"string"}`,
		"QDuration": `{"anyOf":[{"contentMediaType":"application/json","contentSchema":{"description":"nanoseconds","format":"int64","type":"integer"},"type":"string"},{"type":"null"}]}`,
		"QNumber":   `{"contentMediaType":"application/json","contentSchema":{"type":"number"},"type":"string"}`,
		"QMood":     `{"type":"string"}`,
		"QLevel":    `{"type":"string"}`,
		"QPoint":    `{"$ref":"#/components/schemas/Point"}`,
	} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(lookup(document, "#/components/schemas/All/properties/"+name)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want+"\n", b.String()); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	for _, gone := range []string{"Money", "Written", "MaybePoint"} {
		if lookup(document, "#/components/schemas/"+gone) != nil {
			t.Errorf("%s is described by fields that JSON does not have", gone)
		}
	}
}

// fillRow sets v, and whatever is in it, to something, or leaves it nil.
func fillRow(r *rand.Rand, v reflect.Value) {
	if some := someOf(r, v.Type()); some != nil {
		v.Set(reflect.ValueOf(some).Convert(v.Type()))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(r.Int64() >> (64 - v.Type().Bits()) * int64(1-2*r.IntN(2)))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> (64 - v.Type().Bits()))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(r.NormFloat64())
	case reflect.String:
		v.SetString(strconv.Quote(strconv.Itoa(r.IntN(100))))
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fillRow(r, v.Elem())
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			fillRow(r, field)
		}
	case reflect.Array:
		for i := range v.Len() {
			fillRow(r, v.Index(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(4), 4))
		for i := range v.Len() {
			fillRow(r, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range r.IntN(4) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fillRow(r, key)
			fillRow(r, value)
			v.SetMapIndex(key, value)
		}
	}
}

// someOf is a value of a type that reflection cannot make one of; nil for others.
func someOf(r *rand.Rand, t reflect.Type) any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return time.Unix(r.Int64N(1<<33), r.Int64N(1e9)).UTC()
	case reflect.TypeFor[json.RawMessage]():
		return json.RawMessage(`{"a":[1]}`)
	case reflect.TypeFor[json.Number]():
		return json.Number("-12.5e3")
	case reflect.TypeFor[*big.Int]():
		return new(big.Int).Lsh(big.NewInt(r.Int64()), 70)
	case reflect.TypeFor[*big.Float]():
		return big.NewFloat(r.NormFloat64())
	case reflect.TypeFor[*big.Rat]():
		return big.NewRat(r.Int64(), 7)
	case reflect.TypeFor[netip.Addr]():
		return netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(256))})
	case reflect.TypeFor[netip.Prefix]():
		return netip.MustParsePrefix("10.0.0.0/8")
	case reflect.TypeFor[net.IP]():
		return net.IPv4(10, 0, 0, 1)
	case reflect.TypeFor[any]():
		return map[string]any{"a": 1}
	}
	return nil
}
