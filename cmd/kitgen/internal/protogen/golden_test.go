package protogen

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/pluginpb"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"

	// That they compile is part of the test.
	_ "github.com/kitgen/kitgen/cmd/kitgen/internal/protogen/testdata/api/anon/v1"
	_ "github.com/kitgen/kitgen/cmd/kitgen/internal/protogen/testdata/api/foo/v1"
	_ "github.com/kitgen/kitgen/cmd/kitgen/internal/protogen/testdata/api/profilesvc/v1"
	_ "github.com/kitgen/kitgen/cmd/kitgen/internal/protogen/testdata/api/stringsvc/v1"
	_ "github.com/kitgen/kitgen/cmd/kitgen/internal/protogen/testdata/api/underscores/v1"
)

var (
	update = flag.Bool("update", false, "write what is now into the golden files")
	// Installed by: go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.0.
	official = flag.String("official", "", "a protoc-gen-go-grpc to compare with and to write testdata/official by")
)

// module is where testdata is, so that its packages can be imported.
const module = "github.com/kitgen/kitgen/cmd/kitgen/internal/protogen/testdata"

// load reads one of the inputs of package spec's tests.
func load(t testing.TB, name string) *spec.Service {
	t.Helper()
	text, err := os.ReadFile("../spec/testdata/" + name + ".go")
	if err != nil {
		t.Fatal(err)
	}
	return loadText(t, string(text))
}

func loadText(t testing.TB, text string) *spec.Service {
	t.Helper()
	svc, err := spec.LoadFS(fstest.MapFS{"svc.go": &fstest.MapFile{Data: []byte(text)}}, spec.Options{Module: module})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

func mustProto(t testing.TB, svc *spec.Service, old []byte) []byte {
	t.Helper()
	text, err := Proto(svc, old)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// golden compares text with a file, or writes it there.
func golden(t *testing.T, file string, text []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("%s -want +got\n%s", file, diff)
	}
}

var inputs = []string{"foo", "anonfields", "underscores", "stringservice", "profilesvc", "addsvc", "kinds"}

func TestGolden(t *testing.T) {
	for _, name := range inputs {
		t.Run(name, func(t *testing.T) {
			svc := load(t, name)
			text := mustProto(t, svc, nil)
			if again := mustProto(t, svc, text); !bytes.Equal(text, again) {
				t.Errorf("printing over itself changes it:\n%s", cmp.Diff(string(text), string(again)))
			}
			pb, grpc, err := Code(svc, text, "")
			if err != nil {
				t.Fatal(err)
			}
			stem := "testdata/api/" + svc.Name + "/v1/" + svc.Name
			golden(t, stem+".proto", text)
			golden(t, stem+".pb.go", pb)
			golden(t, stem+"_grpc.pb.go", grpc)
		})
	}
}

// TestOfficial compares the gRPC code with that of protoc-gen-go-grpc v1.6.0,
// byte for byte but for the header.
func TestOfficial(t *testing.T) {
	for _, name := range []string{"addsvc", "profilesvc", "kinds"} {
		t.Run(name, func(t *testing.T) {
			svc := load(t, name)
			text := mustProto(t, svc, nil)
			file := "testdata/official/" + svc.Name + "_grpc.pb.go.txt"
			if *official != "" {
				if err := os.WriteFile(file, runOfficial(t, svc, text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, got, err := Code(svc, text, "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(body(want), body(got)); diff != "" {
				t.Errorf("-official +ours\n%s", diff)
			}
		})
	}
}

// body is a generated file without its header.
func body(code []byte) string {
	_, rest, _ := strings.Cut(string(code), "\n// source: ")
	return rest
}

func runOfficial(t *testing.T, svc *spec.Service, text []byte) []byte {
	t.Helper()
	gen, _, err := plugin(svc, text, "")
	if err != nil {
		t.Fatal(err)
	}
	in, err := proto.Marshal(gen.Request)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), *official)
	cmd.Stdin = bytes.NewReader(in)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var resp pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(out, &resp); err != nil {
		t.Fatal(err)
	}
	if resp.Error != nil || len(resp.GetFile()) != 1 {
		t.Fatalf("plugin: %v", &resp)
	}
	return []byte(resp.GetFile()[0].GetContent())
}
