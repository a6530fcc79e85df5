package console

import "testing"

func TestWhatOthersWroteIsOnlyShown(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"plain\twith\nlines é":            "plain\twith\nlines é",
		"\x1b[2Jgone":                     `\x1b[2Jgone`,
		"\x1b]52;c;cGFzdGU=\a":            `\x1b]52;c;cGFzdGU=\a`,
		"\x1b[1;31mred":                   "\x1b[1;31mred\x1b[0m",
		"\x1b[31":                         `\x1b[31`,
		"over\rwritten\b\x7f":             `over\rwritten\b\x7f`,
		"eight bits \u009b2J, latin \xe9": `eight bits \u009b2J, latin \xe9`,
	} {
		if got := Harmless(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
