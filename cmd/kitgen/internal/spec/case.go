package spec

import (
	"go/types"
	"strings"
	"unicode"
	"unicode/utf8"
)

// initialisms that Go style writes in capitals when they are a word of their own.
var initialisms = map[string]bool{
	"api": true, "cpu": true, "dns": true, "html": true, "http": true, "https": true,
	"id": true, "ip": true, "json": true, "sql": true, "ssh": true, "tcp": true, "tls": true,
	"ttl": true, "udp": true, "uid": true, "uri": true, "url": true, "uuid": true, "xml": true,
}

// exported is the Go name of a request or response field for a parameter.
func exported(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if initialisms[word] {
			word = strings.ToUpper(word)
		}
		first, size := utf8.DecodeRuneInString(word)
		if size > 0 {
			b.WriteRune(unicode.ToUpper(first))
			b.WriteString(word[size:])
		}
	}
	return letterFirst(b.String(), "X")
}

// fieldName is the exported Go name of a parameter: that of its type, if it is
// named after that, so that isbn ISBN does not become Isbn.
func fieldName(param string, t types.Type) string {
	if n, ok := t.(interface{ Obj() *types.TypeName }); ok && n.Obj().Exported() && strings.EqualFold(n.Obj().Name(), param) {
		return n.Obj().Name()
	}
	return exported(param)
}

// snake is the name of a field in the .proto: userID and UserId are user_id.
func snake(name string) string {
	runes := []rune(strings.Trim(name, "_"))
	var b strings.Builder
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && runes[i-1] != '_' {
			startsWord := !unicode.IsUpper(runes[i-1])
			endsAcronym := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if startsWord || endsAcronym {
				b.WriteByte('_')
			}
		}
		if r != '_' || runes[i-1] != '_' {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return letterFirst(b.String(), "x")
}

func letterFirst(name, prefix string) string {
	if name == "" || unicode.IsDigit(rune(name[0])) {
		return prefix + name
	}
	return name
}

// fold is what two names must differ in, so that they stay apart in JSON, in
// URLs and in every language's protobuf code.
func fold(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// camel is the Go name protoc-gen-go gives to a message or method of this
// (ASCII) name. Messages are declared under it, so that theirs is the same.
func camel(name string) string {
	var b []byte
	upper := true // the next letter starts a word
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_' && i == 0:
			b = append(b, 'X')
		case c == '_' && i+1 < len(name) && lower(name[i+1]):
			upper = true
			continue
		case upper && lower(c):
			b = append(b, c-'a'+'A')
		default:
			b = append(b, c)
		}
		upper = !lower(c) && !('A' <= c && c <= 'Z')
	}
	return string(b)
}

func lower(c byte) bool { return 'a' <= c && c <= 'z' }

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}
