package auth_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/kitgen/kitgen/middleware/auth"
)

const hunter = "hunter2-hunter2-hunter2"

// holders are the places where people keep a secret.
func holders() map[string]any {
	s := auth.NewSecret(hunter)
	type public struct{ Key auth.Secret }
	type private struct {
		name string
		key  auth.Secret
	}
	return map[string]any{
		"value":            s,
		"pointer":          &s,
		"exported field":   public{s},
		"unexported field": private{"billing", s},
		"pointer to both":  &private{"billing", s},
		"slice":            []auth.Secret{s},
		"map":              map[string]auth.Secret{"billing": s},
		"credentials":      auth.Credentials{Scheme: "bearer", Token: s, APIKey: s},
	}
}

func TestSecretIsNotPrinted(t *testing.T) {
	for name, v := range holders() {
		for verb := range strings.FieldsSeq("%v %+v %#v %s %q %x %X %#x %d %o %c %U %t %T %p %e %20v %-40s %.5s") {
			wantHidden(t, name+" "+verb, fmt.Sprintf(verb, v))
		}
		wantHidden(t, name+" Sprint", fmt.Sprint(v))
		wantHidden(t, name+" Errorf", fmt.Errorf("key %v", v).Error())
	}
}

func TestSecretIsNotEncoded(t *testing.T) {
	for name, v := range holders() {
		b, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantHidden(t, name+" JSON", string(b))
	}
	b, err := xml.Marshal(auth.NewSecret(hunter))
	if err != nil {
		t.Error(err)
	}
	wantHidden(t, "XML", string(b))
}

func TestSecretIsNotLogged(t *testing.T) {
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		log := slog.New(h)
		for name, v := range holders() {
			log.Info(name, "key", v)
			log.With("key", v).WithGroup("g").Info(name, slog.Any("again", v))
		}
	}
	if out.Len() == 0 {
		t.Fatal("nothing was logged")
	}
	wantHidden(t, "slog", out.String())
}

// wantHidden also knows the hexadecimal and the decimal spelling.
func wantHidden(t *testing.T, where, text string) {
	t.Helper()
	plain := strings.ToLower(strings.NewReplacer(" ", "", "0x", "", ",", "").Replace(text))
	for _, spelling := range []string{hunter, fmt.Sprintf("%x", hunter), strings.NewReplacer(" ", "", "[", "", "]", "").Replace(fmt.Sprint([]byte(hunter)))} {
		if strings.Contains(plain, spelling) {
			t.Errorf("%s shows the secret: %s", where, text)
		}
	}
	if strings.Contains(text, "hunt") {
		t.Errorf("%s shows a part of the secret: %s", where, text)
	}
}

func TestSecretKeepsWhatItIsGiven(t *testing.T) {
	var zero, read auth.Secret
	if !zero.Empty() || zero.Reveal() != "" || !auth.NewSecret("").Empty() {
		t.Error("the zero value is not the empty secret")
	}
	if err := json.Unmarshal([]byte(`"`+hunter+`"`), &read); err != nil || read.Reveal() != hunter || read.Empty() {
		t.Errorf("read %q from JSON: %v", read.Reveal(), err)
	}
	printed, err := json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(printed, &read); err == nil {
		t.Error("took the placeholder for a secret")
	}
	if read.Reveal() != hunter {
		t.Error("a failed read has changed the secret")
	}
	if s := zero.String(); s != "[redacted]" {
		t.Errorf("String = %q", s)
	}
}
