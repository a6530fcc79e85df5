package call

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestAnAnswerIsJSONForATerminal(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "{}",
		"{\"a\":\n\"é\\n\"}":     `{"a":"é\n"}`,
		"\"\u009b2J\"":           `"\u009b2J"`,
		"\"\x9b2J, eight bits\"": "\"\ufffd2J, eight bits\"",
	} {
		var out bytes.Buffer
		if err := show(&out, json.RawMessage(text)); err != nil || out.String() != want+"\n" {
			t.Errorf("%q is printed as %q, want %q: %v", text, &out, want, err)
		}
	}
}
