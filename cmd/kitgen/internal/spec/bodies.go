package spec

import "bytes"

// kept are the methods whose presence says something of a type.
var kept = [][]byte{[]byte(") MarshalText("), []byte(") UnmarshalText("), []byte(") MarshalJSON("), []byte(") ProtoReflect(")}

// withoutFunctions is Go source without its functions, but for the heads of the
// methods that are kept: parsing them would be most of the work. It takes the
// text to be gofmt-ed, and then a function ends with the first brace that
// starts a line, unless that is in a string: the rest then does not parse.
func withoutFunctions(text []byte) []byte {
	out := make([]byte, 0, len(text)/2)
	for len(text) > 0 {
		line := text
		if eol := bytes.IndexByte(text, '\n'); eol >= 0 {
			line = text[:eol+1]
		}
		head, opens := bytes.CutSuffix(line, []byte("{\n"))
		_, behind, ends := bytes.Cut(text[len(line)-1:], []byte("\n}\n")) // from the end of the line, as there may be nothing in it
		if !bytes.HasPrefix(line, []byte("func ")) || !opens || !ends {
			out, text = append(out, line...), text[len(line):]
			continue
		}
		if keep(line) {
			out = append(append(out, head...), '\n')
		}
		text = behind
	}
	return out
}

func keep(line []byte) bool {
	for _, name := range kept {
		if bytes.Contains(line, name) {
			return true
		}
	}
	return false
}
