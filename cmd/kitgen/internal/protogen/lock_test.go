package protogen

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// service is the source of a service with these methods, and types behind them.
func service(methods string, types ...string) string {
	return "package svc\n\nimport (\"context\"; \"time\")\n\ntype Service interface {\n" +
		methods + "\n}\n\nvar _ time.Time\n" + strings.Join(types, "\n")
}

// messages is the part of a .proto behind the service.
func messagesOf(text []byte) string {
	_, rest, _ := strings.Cut(string(text), "\n}\n\n")
	return rest
}

// history prints the .proto of one version after the other.
func history(t *testing.T, versions ...string) []byte {
	t.Helper()
	var text []byte
	for _, v := range versions {
		svc := loadText(t, v)
		text = mustProto(t, svc, text)
		if again := mustProto(t, svc, text); string(again) != string(text) {
			t.Fatalf("printing over itself changes it:\n%s", cmp.Diff(string(text), string(again)))
		}
		if _, _, err := Code(svc, text, ""); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	return text
}

func TestLock(t *testing.T) {
	sum := func(params string) string { return service("Sum(ctx context.Context, " + params + ") error") }
	for _, tt := range []struct {
		name     string
		versions []string
		want     string
	}{
		{
			"fields move, numbers do not",
			[]string{sum("a, b int, c string"), sum("c string, b, a int")},
			"message SumRequest {\n  string c = 3;\n  int64 b = 2;\n  int64 a = 1;\n}\n\nmessage SumResponse {}\n",
		},
		{
			"a new field takes the next number",
			[]string{sum("a, b int"), sum("a int, x string, b int")},
			"message SumRequest {\n  int64 a = 1;\n  string x = 3;\n  int64 b = 2;\n}\n\nmessage SumResponse {}\n",
		},
		{
			"what is removed is reserved",
			[]string{sum("a, b, c, d, e int"), sum("d int")},
			"message SumRequest {\n  reserved 1 to 3, 5;\n  reserved \"a\", \"b\", \"c\", \"e\";\n  int64 d = 4;\n}\n\nmessage SumResponse {}\n",
		},
		{
			"a name that comes back takes a new number",
			[]string{sum("a, b int"), sum("a int"), sum("a int, b string, c int")},
			"message SumRequest {\n  reserved 2;\n  int64 a = 1;\n  string b = 3;\n  int64 c = 4;\n}\n\nmessage SumResponse {}\n",
		},
		{
			"a field may become optional, and back",
			[]string{sum("a int, b *int"), sum("a *int, b int")},
			"message SumRequest {\n  optional int64 a = 1;\n  int64 b = 2;\n}\n\nmessage SumResponse {}\n",
		},
		{
			"Go types with the same wire type",
			[]string{sum("a int, b int8, c time.Duration"), sum("a int64, b int32, c *time.Duration")},
			"message SumRequest {\n  int64 a = 1;\n  int32 b = 2;\n  google.protobuf.Duration c = 3;\n}\n\nmessage SumResponse {}\n",
		},
		{
			"a method that is removed leaves its messages behind",
			[]string{
				service("Get(ctx context.Context, p P) (s string, err error)\nDel(ctx context.Context) error", "type P struct { X, Y int }"),
				service("Put(ctx context.Context, a int) error"),
			},
			"message PutRequest {\n  int64 a = 1;\n}\n\nmessage PutResponse {}\n" +
				retired("GetRequest", "P p = 1;") + retired("GetResponse", "string s = 1;") + retired("DelRequest") + retired("DelResponse") +
				retired("P", "int64 x = 1;", "int64 y = 2;"),
		},
		{
			"and has its numbers when it comes back",
			[]string{
				service("Get(ctx context.Context, a string, b int) error"),
				service("Put(ctx context.Context) error"),
				service("Get(ctx context.Context, b int, a string, c bool) error"),
			},
			"message GetRequest {\n  int64 b = 2;\n  string a = 1;\n  bool c = 3;\n}\n\nmessage GetResponse {}\n" +
				retired("PutRequest") + retired("PutResponse"),
		},
		{
			"numbers that are asked for",
			[]string{
				service("//kit:proto a=3 c=2\nSum(ctx context.Context, a, b, c, d int) error"),
				service("//kit:proto a=3 e=20\nSum(ctx context.Context, e, a int, f bool, b int) error"),
			},
			"message SumRequest {\n  reserved 2, 4;\n  reserved \"c\", \"d\";\n  int64 e = 20;\n  int64 a = 3;\n  bool f = 5;\n  int64 b = 1;\n}\n\nmessage SumResponse {}\n",
		},
		{
			"the last number is taken, and others are left",
			[]string{
				service("//kit:proto b=536870911 g=4\nSum(ctx context.Context, a, b, c, g int) error"),
				service("Sum(ctx context.Context, a, b, g int) error"),
				service("Sum(ctx context.Context, a, b, g int, d, e string) error"),
			},
			"message SumRequest {\n  reserved 2;\n  reserved \"c\";\n  int64 a = 1;\n  int64 b = 536870911;\n  int64 g = 4;\n  string d = 3;\n  string e = 5;\n}\n\nmessage SumResponse {}\n",
		},
		{
			"renamed, with the name on the wire kept",
			[]string{
				service("Sum(ctx context.Context, a int, p P) error", "type P struct { X int }"),
				service("//kit:was Sum\n//kit:was augend=a\nAdd(ctx context.Context, augend int, p P) error", "type P struct {\n//kit:was X\nHeight int }"),
			},
			"message SumRequest {\n  int64 a = 1;\n  P p = 2;\n}\n\nmessage SumResponse {}\n\nmessage P {\n  int64 x = 1;\n}\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, messagesOf(history(t, tt.versions...))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func retired(name string, fields ...string) string {
	text := "\n// No longer used, and kept so that the name keeps its meaning.\nmessage " + name + " {"
	if len(fields) > 0 {
		text += "\n  " + strings.Join(fields, "\n  ") + "\n"
	}
	return text + "}\n"
}

func TestLockRefuses(t *testing.T) {
	before := service("Sum(ctx context.Context, a, b int, c []string, m map[string]int, p P, t time.Time) (n int, err error)", "type P struct { X int }")
	after := service("Sum(ctx context.Context, a string, b int32, c string, m map[int]int, p Q, t time.Duration) (n []int, err error)", "type P struct { X string }\ntype Q struct { P P }")
	text := mustProto(t, loadText(t, before), nil)
	_, err := Proto(loadText(t, after), text)
	if _, ok := errors.AsType[spec.Problems](err); !ok {
		t.Fatalf("not Problems: %v", err)
	}
	line := func(pos, name, now, golang, was, field string) string {
		return fmt.Sprintf("svc.go:%s: KG060: %s is %s now (Go %s), but %s in the committed svc.proto (%s), and callers built from that would misread it: keep the type, or give the new one a new name, so that it gets a number of its own",
			pos, name, now, golang, was, field)
	}
	want := strings.Join([]string{
		line("6:26", "a", "string", "string", "int64", "SumRequest.a"),
		line("6:36", "b", "int32", "int32", "int64", "SumRequest.b"),
		line("6:45", "c", "string", "string", "repeated string", "SumRequest.c"),
		line("6:55", "m", "map<int64, int64>", "map[int]int", "map<string, int64>", "SumRequest.m"),
		line("6:70", "p", "Q", "Q", "P", "SumRequest.p"),
		line("6:75", "t", "google.protobuf.Duration", "time.Duration", "google.protobuf.Timestamp", "SumRequest.t"),
		line("6:93", "n", "repeated int64", "[]int", "int64", "SumResponse.n"),
		line("10:17", "X", "string", "string", "int64", "P.x"),
	}, "\n")
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// A name that was a message is no enum, and the other way round: both would be kept.
func TestLockRefusesAnotherKind(t *testing.T) {
	message := service("Do(ctx context.Context, c Color) error", "type Color struct { X int }")
	enum := service("Do(ctx context.Context, c Color) error", "//kit:enum\ntype Color int", "const Red Color = 0")
	for _, tt := range []struct{ was, is, want string }{
		{message, enum, "svc.go:11:6: KG060: Color is an enum now, but a message in the committed svc.proto, and callers built from that would misread it: give the new one a new name"},
		{enum, message, "svc.go:10:6: KG060: Color is a message now, but an enum in the committed svc.proto, and callers built from that would misread it: give the new one a new name"},
	} {
		_, err := Proto(loadText(t, tt.is), mustProto(t, loadText(t, tt.was), nil))
		if err == nil || err.Error() != tt.want {
			t.Errorf("\n got %v\nwant %s", err, tt.want)
		}
	}
}

func TestLockRefusesTheWrongFile(t *testing.T) {
	svc := loadText(t, service("Do(ctx context.Context, a int) error"))
	for _, tt := range []struct{ name, old, want string }{
		{
			"another service", "syntax = \"proto3\";\npackage other.v1;\n",
			"svc.go:1:1: KG060: the committed svc.proto is of other.v1, the service would be svc.v1, and callers know it by the former: write //kit:proto package=other.v1 above the interface, or start a new contract with kitgen generate --break-wire",
		},
		{
			"not a .proto", "<<<<<<< HEAD\nsyntax",
			"svc.proto:1:1: KG063: the .proto is not as kitgen wrote it: syntax error: unexpected '<': restore it from version control; it follows the Go interface, and holds its field numbers",
		},
		{
			"a number twice", "syntax = \"proto3\";\npackage svc.v1;\nmessage A {\n  int64 a = 1;\n  int64 b = 1;\n}\n",
			"svc.proto:5:13: KG063: the .proto is not as kitgen wrote it: message svc.v1.A: fields a and b both have the same tag 1: restore it from version control; it follows the Go interface, and holds its field numbers",
		},
		{
			"no numbers left", "syntax = \"proto3\";\npackage svc.v1;\nmessage DoRequest {\n  reserved 1 to max;\n}\n",
			"svc.go:6:25: KG060: svc.proto reserves all numbers that are left for message DoRequest: narrow the reserved range",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Proto(svc, []byte(tt.old))
			if err == nil || err.Error() != tt.want {
				t.Errorf("\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// An empty file locks nothing.
func TestLockOfNothing(t *testing.T) {
	svc := loadText(t, service("Do(ctx context.Context, a int) error"))
	if diff := cmp.Diff(string(mustProto(t, svc, nil)), string(mustProto(t, svc, []byte("\n \n")))); diff != "" {
		t.Errorf("-nil +blank\n%s", diff)
	}
}

func TestReserved(t *testing.T) {
	for _, tt := range []struct {
		spans       []span
		after, want int32
	}{
		{nil, 0, 1},
		{nil, 7, 8},
		{[]span{{9, 9}, {2, 4}, {1, 1}}, 0, 5},
		{[]span{{3, 4}}, 1, 2},
		{[]span{{3, 4}, {5, 5}}, 2, 6},
		{nil, 18999, 20000},
		{[]span{{20000, 20001}}, 18999, 20002},
	} {
		r := reserved{spans: tt.spans}
		if got := r.next(tt.after); got != tt.want {
			t.Errorf("next(%d) beside %v = %d, want %d", tt.after, tt.spans, got, tt.want)
		}
	}
}
