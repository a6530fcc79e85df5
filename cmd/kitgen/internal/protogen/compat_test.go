package protogen

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSettleType lists what may become of a type: the type that is printed
// then, or nothing if it is refused.
func TestSettleType(t *testing.T) {
	l := &lock{enums: map[string]bool{"Color": true}}
	for _, tt := range []struct{ was, is, want string }{
		{"string", "string", "string"},
		{"int32", "int64", "int64"},
		{"uint32", "uint64", "uint64"},
		{"int64", "int32", ""},
		{"int64", "uint64", ""},
		{"int32", "uint64", ""},
		{"bool", "int64", ""},
		{"float", "double", ""},
		{"double", "float", ""},
		{"int64", "double", ""},
		{"string", "bytes", ""},
		{"bytes", "string", ""},
		{"google.protobuf.Timestamp", "string", ""},
		{"google.protobuf.Timestamp", "google.protobuf.Duration", ""},
		{"User", "Person", ""},
		{"User", "int64", ""},
		{"Color", "int32", "int32"},
		{"int64", "Color", "Color"},
		{"Color", "uint64", ""},
		{"Color", "string", ""},
		{"int64", "repeated int64", ""},
		{"repeated int64", "int64", ""},
		{"repeated int32", "repeated int64", "repeated int64"},
		{"repeated string", "map<string, string>", ""},
		{"map<string, int32>", "map<string, int64>", "map<string, int64>"},
		{"map<int32, User>", "map<int64, User>", "map<int64, User>"},
		{"map<int32, User>", "map<string, User>", ""},
		{"map<string, User>", "map<string, Person>", ""},
		// Types that only an adopted .proto has.
		{"sint32", "int32", "sint32"},
		{"sint32", "int64", "sint64"},
		{"sint64", "int32", ""},
		{"sfixed32", "int32", "sfixed32"},
		{"sfixed32", "int64", ""},
		{"fixed64", "uint64", "fixed64"},
		{"fixed64", "int64", ""},
		{"repeated fixed32", "repeated uint32", "repeated fixed32"},
	} {
		got, ok := l.settleType(tt.was, tt.is)
		if !ok {
			got = ""
		}
		if got != tt.want {
			t.Errorf("%s becomes %s: %q, want %q", tt.was, tt.is, got, tt.want)
		}
	}
}

// TestGate says of pairs of versions what is refused of the second.
func TestGate(t *testing.T) {
	one := service("Sum(ctx context.Context, a, b int) (sum int, err error)\nUp(ctx context.Context, p P) error", "type P struct { X int\nS string }")
	for _, tt := range []struct{ name, before, after, want string }{
		{
			"a parameter under a new name", one,
			service("Sum(ctx context.Context, a, addend int) (total int, err error)\nUp(ctx context.Context, p P) error", "type P struct { Width int\nS string }"),
			`svc.go:6:29: KG060: addend of SumRequest is new, and b of the same type is gone from the committed svc.proto: if it was renamed, callers still use the old name: write //kit:was addend=b above the method, with the name it had; if it is another field, remove the old one in one run of kitgen generate and add this in the next
svc.go:6:42: KG060: total of SumResponse is new, and sum of the same type is gone from the committed svc.proto: if it was renamed, callers still use the old name: write //kit:was total=sum above the method, with the name it had; if it is another field, remove the old one in one run of kitgen generate and add this in the next
svc.go:11:17: KG060: Width of P is new, and x of the same type is gone from the committed svc.proto: if it was renamed, callers still use the old name: write //kit:was X above it, with the name it had; if it is another field, remove the old one in one run of kitgen generate and add this in the next`,
		},
		{
			"with a number it is another field", one,
			service("//kit:proto addend=3\nSum(ctx context.Context, a, addend int) (sum int, err error)\nUp(ctx context.Context, p P) error", "type P struct { X int\nS string }"),
			"",
		},
		{
			"a method under a new name", one,
			service("Add(ctx context.Context, b, a int) (sum int, err error)\nUp(ctx context.Context, p P) error", "type P struct { X int\nS string }"),
			`svc.go:6:1: KG060: method Add is new, and Sum with the same parameters and results is gone, but in the committed svc.proto: if it was renamed, callers still use the old name: write //kit:was Sum above it; if it is another method, remove the old one in one run of kitgen generate and add this in the next`,
		},
		{
			"a method that carries something else", one,
			service("Add(ctx context.Context, a []int) (sum int, err error)\nUp(ctx context.Context, p P) error", "type P struct { X int\nS string }"),
			"",
		},
		{
			"another message", one,
			service("//kit:proto response=Total\nSum(ctx context.Context, a, b int) (sum int, err error)\n//kit:proto request=P\nUp(ctx context.Context, p P) error", "type P struct { X int\nS string }"),
			`svc.go:7:1: KG060: the response of Sum is Total now, but SumResponse in the committed svc.proto, and callers built from that would misread it: write //kit:proto response=SumResponse above it, or give the other message a method of its own
svc.go:9:1: KG060: the request of Up is P now, but UpRequest in the committed svc.proto, and callers built from that would misread it: write //kit:proto request=UpRequest above it, or give the other message a method of its own`,
		},
		{
			"another service of another package", one,
			strings.Replace(one, "type Service", "//kit:proto package=math.v2 service=Adder\ntype Service", 1),
			`svc.go:1:1: KG060: the committed svc.proto is of svc.v1.Svc, the service would be math.v2.Adder, and callers know it by the former: write //kit:proto package=svc.v1 service=Svc above the interface, or start a new contract with kitgen generate --break-wire`,
		},
		{
			"numbers", one,
			service("//kit:proto a=2 c=2 d=1 e=7 f=7\nSum(ctx context.Context, a, c, d, e, f int) (sum int, err error)\nUp(ctx context.Context, p P) error", "type P struct { X int\nS string }"),
			`svc.go:7:26: KG061: a is number 1 of SumRequest in the committed svc.proto, where //kit:proto asks for 2, and a number never changes its meaning: remove the directive, or start a new contract with kitgen generate --break-wire
svc.go:7:29: KG061: number 2 of SumRequest, which c asks for, is that of b: choose another number, or none and get the next
svc.go:7:32: KG061: number 1 of SumRequest, which d asks for, is that of a: choose another number, or none and get the next
svc.go:7:38: KG061: number 7 of SumRequest, which f asks for, is that of e: choose another number, or none and get the next`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := mustProto(t, loadText(t, tt.before), nil)
			got := ""
			if _, err := Proto(loadText(t, tt.after), text); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// A number that a field had is not to be had again.
func TestReservedNumberIsNotGranted(t *testing.T) {
	text := history(t,
		service("Sum(ctx context.Context, a, b int) error"),
		service("Sum(ctx context.Context, a int) error"))
	_, err := Proto(loadText(t, service("//kit:proto c=2\nSum(ctx context.Context, a, c int) error")), text)
	want := "svc.go:7:29: KG061: number 2 of SumRequest, which c asks for, is reserved in the committed svc.proto for a field that is gone: choose another number, or none and get the next"
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}
