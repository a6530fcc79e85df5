package etcd

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/sd"
)

func TestValueKeepsInstance(t *testing.T) {
	for name, in := range map[string]sd.Instance{
		"address only": {ID: "a", Addr: "10.0.0.1:80"},
		"everything": {
			ID: "a/b c", Addr: "[2001:db8::1]:443", Weight: 7, Zone: "eu-1", Version: "v1.2.3+dirty",
			Tags: []string{"blue", "größer <&>"}, Meta: map[string]string{"grpc": "10.0.0.1:81", "k": "\"\\"}, State: sd.Warning,
		},
		"draining": {ID: "a", Addr: "a.example:80", State: sd.Draining},
		"critical": {ID: "a", Addr: "a.example:80", Weight: sd.MaxWeight, State: sd.Critical},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := encode(in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decode(in.ID, []byte(v))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(in, got); diff != "" {
				t.Errorf("decode(encode(in)) (-want +got):\n%s", diff)
			}
			if again, _ := encode(in); again != v {
				t.Errorf("encoded twice: %s, then %s", v, again)
			}
		})
	}
}

func TestEncodeIsWhatOthersRead(t *testing.T) {
	got, err := encode(sd.Instance{ID: "a", Addr: "10.0.0.1:80", Weight: 2, Zone: "z", Version: "1", Tags: []string{"t"}, Meta: map[string]string{"k": "v"}, State: sd.Draining})
	want := `{"v":1,"addr":"10.0.0.1:80","weight":2,"zone":"z","version":"1","tags":["t"],"meta":{"k":"v"},"state":"draining"}`
	if err != nil || got != want {
		t.Errorf("encode = %s, %v\nwant     %s", got, err, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		in   sd.Instance
		says string
	}{
		{sd.Instance{ID: "a"}, "address"},
		{sd.Instance{ID: "a", Addr: "0.0.0.0:80"}, "advertise"},
		{sd.Instance{ID: "a", Addr: "h:80", Weight: -1}, "weight"},
		{sd.Instance{ID: "a", Addr: "h:80", State: 9}, "state"},
		{sd.Instance{ID: "a", Addr: "h:80", Meta: map[string]string{"k": strings.Repeat("x", maxValue)}}, "shorten"},
	} {
		_, err := encode(tt.in)
		if !errors.Is(err, sd.ErrInvalid) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("encode(%+v) = %v, want an sd.ErrInvalid that says %q", tt.in, err, tt.says)
		}
	}
}

func TestDecodeForeignShapes(t *testing.T) {
	at := func(edit func(*sd.Instance)) sd.Instance {
		in := sd.Instance{ID: "id", Addr: "10.0.0.1:80"}
		edit(&in)
		return in
	}
	nothing := func(*sd.Instance) {}
	for value, want := range map[string]sd.Instance{
		`10.0.0.1:80`:      at(nothing),
		" 10.0.0.1:80\r\n": at(nothing),
		`{"Op":0,"Addr":"10.0.0.1:80","Metadata":null}`:     at(nothing),
		`{"Op":0,"Addr":"10.0.0.1:80","Metadata":{"a":[]}}`: at(nothing),
		`{"addr":"10.0.0.1:80","weight":null}`:              at(nothing),
		`{"addr":"10.0.0.1:80","new":{"field":1}}`:          at(nothing),
		`{"addr":"10.0.0.1:80","weight":0}`:                 at(func(in *sd.Instance) { in.State = sd.Draining }),
		`{"addr":"10.0.0.1:80","weight":0,"state":"critical"}`: at(func(in *sd.Instance) {
			in.State = sd.Critical
		}),
		`{"v":1,"addr":"10.0.0.1:80","weight":9000000}`: at(func(in *sd.Instance) { in.Weight = sd.MaxWeight }),
	} {
		got, err := decode("id", []byte(value))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("decode(%s): %v (-want +got):\n%s", value, err, diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for _, value := range []string{
		"", "null", "[]", "3", `"10.0.0.1:80"`, "{}", `{"addr":""}`, `{"addr":"10.0.0.1:80"} x`, `{"addr":"10.0.0.1:80"`,
		`{"addr":"10.0.0.1"}`, `{"addr":"10.0.0.1:0"}`, `{"addr":"10.0.0.1:65536"}`, `{"addr":":80"}`, `{"addr":"::1:80"}`,
		`{"addr":"http://h:80"}`, `{"addr":"user:pass@h:80"}`, `{"addr":"h\n:80"}`,
		`{"addr":"h:80","weight":-1}`, `{"addr":"h:80","weight":1.5}`, `{"addr":"h:80","weight":"5"}`, `{"addr":"h:80","weight":1e308}`,
		`{"addr":"h:80","state":"asleep"}`, `{"addr":"h:80","v":2}`,
		strings.Repeat("[", 100_000), `{"tags":` + strings.Repeat("[", 20_000), strings.Repeat("x", maxForeign+1),
	} {
		if in, err := decode("id", []byte(value)); err == nil {
			t.Errorf("decode(%.60q) = %+v, want an error", value, in)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "h:80", `{"v":1,"addr":"h:80","weight":0,"meta":{"a":"b"}}`, `{"Op":0,"Addr":"h:80"}`, "{\xff"} {
		f.Add("id", []byte(seed))
	}
	for _, seed := range poison() {
		f.Add(seed.key, []byte(seed.value))
	}
	f.Fuzz(func(t *testing.T, id string, b []byte) {
		in, err := decode(id, b)
		if err != nil {
			return
		}
		if err := in.Validate(); err != nil {
			t.Fatalf("decode let %+v pass: %v", in, err)
		}
		v, err := encode(in)
		if err != nil {
			return // may be longer than what we write
		}
		again, err := decode(in.ID, []byte(v))
		if err != nil || !same(in, again) {
			t.Fatalf("read %+v, wrote %s, read %+v, %v", in, v, again, err)
		}
		if twice, err := encode(again); err != nil || twice != v {
			t.Fatalf("wrote %s, then %s, %v", v, twice, err)
		}
		if v, err = encodeNaming(in); err != nil || in.ID == "" {
			return // Hold fills an empty ID in
		}
		if again, err = decode("other", []byte(v)); err != nil || !same(in, again) {
			t.Fatalf("read %+v, wrote %s, read %+v, %v", in, v, again, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	v, err := encode(sd.Instance{ID: "a", Addr: "10.0.0.1:80", Zone: "eu-1", Version: "v1", Tags: []string{"x"}, Meta: map[string]string{"grpc": "10.0.0.1:81"}})
	if err != nil {
		b.Fatal(err)
	}
	raw := []byte(v)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decode("a", raw); err != nil {
			b.Fatal(err)
		}
	}
}
