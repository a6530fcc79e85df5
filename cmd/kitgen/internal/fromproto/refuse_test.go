package fromproto

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestRefuse reads the .proto files of testdata/refuse, each an archive with
// the file, those it imports, and the problems it has.
func TestRefuse(t *testing.T) {
	files, err := filepath.Glob("testdata/refuse/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			find := func(name string) ([]byte, error) {
				for _, f := range archive.Files {
					if f.Name == name {
						return f.Data, nil
					}
				}
				return nil, fs.ErrNotExist
			}
			text, err := find("x.proto")
			if err != nil {
				t.Fatal(err)
			}
			_, err = Read(Input{File: "x.proto", Text: text, Open: find, Package: "svc", Service: string(bytes.TrimSpace(archive.Comment))})
			if err == nil {
				t.Fatal("not refused")
			}
			check(t, file, archive, err.Error()+"\n")
		})
	}
}

func check(t *testing.T, file string, archive *txtar.Archive, got string) {
	t.Helper()
	for i, f := range archive.Files {
		if f.Name != "problems" {
			continue
		}
		if *update {
			archive.Files[i].Data = []byte(got)
			golden(t, file, txtar.Format(archive))
			return
		}
		if string(f.Data) != got {
			t.Errorf("\n got %s\nwant %s", got, f.Data)
		}
		return
	}
	t.Error(errors.New("the archive has no file problems"))
}

// FuzzRead: whatever the .proto is, there is no panic, and what is made of it
// is Go that kitgen reads and a .proto that it can go on from.
func FuzzRead(f *testing.F) {
	for _, body := range []string{
		"service S { rpc A(M) returns (M); } message M { string a = 1; }",
		"service S { rpc A(stream M) returns (stream M); } message M { M m = 1; repeated M l = 2; map<string, M> x = 3; }",
		"// kit:http GET /\nservice Service { rpc Close(Service_) returns (Client); } message Service_ { string type = 1; string ctx = 2; } message Client { oneof o { string a = 1; int32 b = 2; } }",
		"service S { rpc A(M) returns (M.N); } message M { enum E { Z = 0; B = -1; } E e = 1; message N { E e = 1; optional E f = 2; } N n = 9; }",
		"import \"google/protobuf/empty.proto\"; service S { rpc A(google.protobuf.Empty) returns (google.protobuf.Empty); }",
		"service S { rpc get(M) returns (M); } message M { reserved 1 to max; }",
	} {
		f.Add("syntax = \"proto3\"; package p.v1; " + body)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Read(Input{File: "x.proto", Text: []byte(text), Package: "svc", Open: func(string) ([]byte, error) { return nil, fs.ErrNotExist }})
		if err != nil {
			return
		}
		follows(t, got)
	})
}
