package file

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kitgen/kitgen/sd"
)

func TestDecode(t *testing.T) {
	for text, want := range map[string][]sd.Instance{
		`{"instances": []}`:                     {},
		"\r\n[ ]\n":                             {},
		`["a:1", "[2001:db8::7]:2"]`:            {{Addr: "a:1"}, {Addr: "[2001:db8::7]:2"}},
		`[{"addr":"a:1"},"b:2"]`:                {{Addr: "a:1"}, {Addr: "b:2"}},
		`[{"addr":"a:1","weight":0}]`:           {{Addr: "a:1", State: sd.Draining}},
		`[{"id":"x","addr":"a:1"},"a:1"]`:       {{ID: "x", Addr: "a:1"}, {Addr: "a:1"}},
		`[{"state":"critical","addr":"a:1"}]`:   {{Addr: "a:1", State: sd.Critical}},
		`[{"state":"up","addr":"a:1"}]`:         {{Addr: "a:1"}},
		`[{"addr":"a:1","meta":{},"tags":[]}]`:  {{Addr: "a:1"}},
		`[{"addr":"a:1","meta":{"\u00e9":""}}]`: {{Addr: "a:1", Meta: map[string]string{"é": ""}}},
		`{"instances": [{"id":"x","addr":"a:1","weight":7,"zone":"z","version":"v","tags":["t"],"meta":{"k":"v"},"state":"warning"}]}`: {
			{ID: "x", Addr: "a:1", Weight: 7, Zone: "z", Version: "v", Tags: []string{"t"}, Meta: map[string]string{"k": "v"}, State: sd.Warning},
		},
	} {
		l, err := decode([]byte(text))
		got := l.set
		if len(l.refused) > 0 {
			t.Errorf("%s: refused %v", text, l.refused)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

// badFiles has what must be refused, and what the error must say.
var badFiles = map[string]string{
	"":                                   `it is empty: write {"instances": []}`,
	" \n":                                "it is empty",
	"\xef\xbb\xbf[]":                     "byte order mark",
	"[\"a\xff:1\"]":                      "not UTF-8",
	"[\n\"a:1\",\n":                      "line 3: it is no JSON, or half of one",
	`["a:1"] x`:                          "line 1: it is no JSON",
	`["a:1"]["b:1"]`:                     "it is no JSON",
	`null`:                               "it holds no list",
	`5`:                                  "it holds no list",
	`"a:1"`:                              "it holds no list",
	`{}`:                                 "it has the keys {}, none",
	`{"instances":null}`:                 "it holds no list",
	`{"instances":{}}`:                   "it holds no list",
	`{"Instances":[]}`:                   `it has the keys "Instances": write {"instances": [...]}`,
	`{"instances":[],"v":1}`:             `it has the keys "instances", "v"`,
	`{"instances":[],"instances":[]}`:    `key "instances" is there twice`,
	`[null]`:                             `entry 1: it is null: write "host:port"`,
	`["a:1",[]]`:                         "entry 2: it is []",
	`["a:1",5]`:                          "entry 2: it is 5",
	`[{}]`:                               "entry 1: invalid instance \"\": no address",
	`[""]`:                               "no address",
	`["a"]`:                              "not host:port",
	`["a:0"]`:                            "port",
	`["a:65536"]`:                        "port",
	`["0.0.0.0:1"]`:                      "where a server listens",
	`["http://u:p@a:1"]`:                 "without user and password",
	`["fe80::1%eth0:80"]`:                "not host:port",
	`["a b:1"]`:                          "cannot be part of a host name",
	`["a\u0000:1"]`:                      "cannot be part of a host name",
	`[{"addr":"a:1","Zone":"x"}]`:        `entry 1: unknown key "Zone": it takes addr, id,`,
	`[{"addr":"a:1","addr":"b:1"}]`:      `entry 1: key "addr" is there twice`,
	`[{"addr":5}]`:                       `key "addr" is 5: write a string`,
	`[{"addr":null}]`:                    `key "addr" is null`,
	`[{"addr":"a:1","weight":"5"}]`:      `key "weight" is "5": write a whole number`,
	`[{"addr":"a:1","weight":-1}]`:       "weight -1 is outside",
	`[{"addr":"a:1","weight":1e308}]`:    `key "weight" is 1e308`,
	`[{"addr":"a:1","weight":1.5}]`:      `key "weight" is 1.5`,
	`[{"addr":"a:1","weight":2000000}]`:  "weight 2000000 is outside",
	`[{"addr":"a:1","weight":NaN}]`:      "it is no JSON",
	`[{"addr":"a:1","state":"Up"}]`:      `key state is "Up": write up, warning`,
	`[{"addr":"a:1","state":""}]`:        "key state",
	`[{"addr":"a:1","state":3}]`:         `key "state" is 3`,
	`[{"addr":"a:1","tags":"x"}]`:        `key "tags" is "x": write a list`,
	`[{"addr":"a:1","tags":[null]}]`:     "key tags is [null]",
	`[{"addr":"a:1","tags":["\u001b"]}]`: "tag",
	`[{"addr":"a:1","meta":[]}]`:         "key meta is []: write an object",
	`[{"addr":"a:1","meta":{"a":1}}]`:    `key meta: key "a" is 1: write a string`,
	`[{"addr":"a:1","meta":{"a":"1","a":"2"}}]`:                       `key meta: key "a" is there twice`,
	`[{"addr":"a:1","meta":{"":"1"}}]`:                                "meta key",
	`[{"addr":"a:1","meta":{"a\r\nb":"1"}}]`:                          "meta key",
	`[{"addr":"a:1","id":"a\nb"}]`:                                    "ID",
	`["a:1","b:1","a:1"]`:                                             `entry 3: entry 1 is "a:1" like it`,
	`[{"addr":"a:1","id":"x"},{"addr":"b:1","id":"x"}]`:               `entry 2: entry 1 is "x" like it`,
	`[{"addr":"a:1","id":"b:1"},"b:1"]`:                               `entry 2: entry 1 is "b:1" like it`,
	strings.Repeat("[", 20000):                                        "it is no JSON",
	strings.Repeat("[", 20000) + strings.Repeat("]", 20000):           "exceeded max depth",
	`[{"addr":"a:1","id":"` + strings.Repeat("x", 600) + `"}]`:        "the ID has 600 bytes",
	`[{"addr":"a:1","version":"` + strings.Repeat("x", 1<<17) + `"}]`: "at most 65536 are read",
	`[{"addr":"a:1","` + strings.Repeat("k", 300) + `":1}]`:           `kkk"...: it takes`,
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	for text, want := range badFiles {
		l, err := decode([]byte(text))
		set := l.set
		for _, one := range l.refused {
			err = errors.Join(err, one)
		}
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 500 {
			t.Errorf("%.60s: got %v, %v; want %q", text, set, err, want)
		}
	}
}

func TestABadEntryHidesNoOther(t *testing.T) {
	l, err := decode([]byte(`["a:1", {"weight":-1,"id":"x","addr":"b:1"}, 5, {"addr":"c:1","adr":"d:1"}, "a:1", "e:1"]`))
	if err != nil || len(l.set) != 2 || l.set[0].Addr != "a:1" || l.set[1].Addr != "e:1" || !l.anonymous {
		t.Errorf("got %+v, %v", l, err)
	}
	refused := l.refused
	for key, want := range map[string]string{"x": "entry 2: ", "entry 3": "entry 3: it is 5", "c:1": `entry 4: unknown key "adr"`, "entry 5": "entry 5: entry 1"} {
		if refused[key] == nil || !strings.HasPrefix(refused[key].Error(), want) {
			t.Errorf("%s: %v, want %q", key, refused[key], want)
		}
	}
}

func TestEncodeSaysWhatIsWrong(t *testing.T) {
	for want, in := range map[string]sd.Instance{
		"no address":      {},
		"weight":          {Addr: "a:1", Weight: math.MinInt},
		"unknown state":   {Addr: "a:1", State: 9},
		"ID":              {ID: "a\x00", Addr: "a:1"},
		"not UTF-8":       {Addr: "a:1", Zone: "\xff"},
		"its fields take": {Addr: "a:1", Version: strings.Repeat("x", 1<<17)},
	} {
		_, err := encode([]sd.Instance{{Addr: "ok:1"}, in})
		if !errors.Is(err, sd.ErrInvalid) || !strings.Contains(err.Error(), "entry 2: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", want, err)
		}
	}
	if _, err := encode([]sd.Instance{{Addr: "a:1"}, {ID: "a:1", Addr: "b:1"}}); err == nil {
		t.Error("one ID twice is written")
	}
	var long []sd.Instance
	for n := range 300 {
		long = append(long, sd.Instance{ID: strconv.Itoa(n), Addr: "a:1", Version: strings.Repeat("x", 60<<10)})
	}
	if _, err := encode(long); err == nil || !strings.Contains(err.Error(), "split the service") {
		t.Errorf("18 MB: got %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for text := range badFiles {
		f.Add([]byte(text))
	}
	f.Add([]byte(`{"instances": [{"id":"x","addr":"a:1","weight":7,"zone":"z","tags":["t"],"meta":{"k":"v"},"state":"warning"}]}`))
	f.Add([]byte(`["a:1",{"addr":"b:1","weight":0}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := decode(text)
		set := l.set
		if err != nil {
			return
		}
		for _, in := range set {
			if err := in.Validate(); err != nil {
				t.Fatalf("read and unusable: %v", err)
			}
		}
		again, err := encode(set)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, err := decode(again)
		if diff := cmp.Diff(set, back.set, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatalf("written and read again: %v (-want +got):\n%s", err, diff)
		}
	})
}
