package protogen

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// colors is a service with an enum of these constants.
func colors(constants string) string {
	return service("Do(ctx context.Context, c Color) error", "//kit:enum\ntype Color int", "const (\n"+constants+"\n)")
}

// TestEnumGate says of pairs of an enum's versions what is refused of the second.
func TestEnumGate(t *testing.T) {
	const before = "ColorNone Color = iota\nColorRed\nBlue"
	for _, tt := range []struct{ name, after, want string }{
		{"one more, and another order", "Green Color = 7\nBlue Color = 2\nColorRed Color = 1\nColorNone Color = 0", ""},
		{"a prefix more", "ColorNone Color = iota\nRed\nColorBlue", ""},
		{
			"another name", "ColorNone Color = iota\nCrimson\nNavy",
			`svc.go:14:1: KG060: Crimson of Color is new, and its number 1 is that of COLOR_RED in the committed svc.proto, which is gone: if it was renamed, callers still use the old name: write //kit:was ColorRed above it; if it is another value, give it another number
svc.go:15:1: KG060: Navy of Color is new, and its number 2 is that of COLOR_BLUE in the committed svc.proto, which is gone: if it was renamed, callers still use the old name: write //kit:was ColorBlue above it; if it is another value, give it another number`,
		},
		{"another name, as told", "ColorNone Color = iota\n//kit:was ColorRed\nCrimson\nNavy //kit:was Blue", ""},
		{
			"two in another order", "ColorNone Color = iota\nBlue\nColorRed",
			`svc.go:14:1: KG060: Blue is 1, and COLOR_BLUE was 2 in the committed svc.proto, which callers still send and mean: declare Blue Color = 2, or give the new one a new name
svc.go:15:1: KG060: ColorRed is 2, and COLOR_RED was 1 in the committed svc.proto, which callers still send and mean: declare ColorRed Color = 1, or give the new one a new name`,
		},
		{"one less", "ColorNone Color = 0\nBlue Color = 2", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := mustProto(t, loadText(t, colors(before)), nil)
			got := ""
			if _, err := Proto(loadText(t, colors(tt.after)), text); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// A constant that was told of keeps its name on the wire, and one that is gone leaves
// its name and number to nobody.
func TestEnumIsCarried(t *testing.T) {
	text := history(t,
		colors("ColorNone Color = iota\nColorRed\nBlue"),
		colors("ColorNone Color = iota\n//kit:was ColorRed\nCrimson"))
	want := `enum Color {
  reserved 2;
  reserved "COLOR_BLUE";
  COLOR_NONE = 0;
  COLOR_RED = 1;
}
`
	if _, enum, _ := strings.Cut(string(text), "\nenum"); "enum"+enum != want {
		t.Errorf("-want +got\n%s", cmp.Diff(want, "enum"+enum))
	}
	_, err := Proto(loadText(t, colors("ColorNone Color = iota\n//kit:was ColorRed\nCrimson\nGreen")), text)
	refused := "svc.go:16:1: KG061: Green is 2, which the committed svc.proto reserves for a value that is gone: choose another number"
	if err == nil || err.Error() != refused {
		t.Errorf("\n got %v\nwant %s", err, refused)
	}
}

func TestEnumLosses(t *testing.T) {
	text := mustProto(t, loadText(t, colors("ColorNone Color = iota\nColorRed\nBlue\nGreen")), nil)
	lost, err := Losses(loadText(t, colors("ColorNone Color = 0\nBlue Color = 2")), text)
	if err != nil {
		t.Fatal(err)
	}
	want := "svc.go:11:6: KGW60: COLOR_RED, COLOR_GREEN of Color is gone: who still sends it sends a number without a name: put it back until nobody needs it, if that is not so already"
	if got := lost.Error(); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}
