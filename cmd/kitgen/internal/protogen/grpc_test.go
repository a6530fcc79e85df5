package protogen

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/spec"
)

// streamsProto has streams of each kind, and calls between them.
const streamsProto = `syntax = "proto3";

package talk.v1;

option go_package = "example.com/talk/api/talk/v1;talkv1";

// Talk is about streams.
service Talk {
  rpc Ask(Question) returns (Answer);

  // Listen answers for as long as there are answers.
  rpc Listen(Question) returns (stream Answer);
  rpc Count(stream Question) returns (Answer);
  rpc Reply(Question) returns (Answer);
  rpc Chat(stream Question) returns (stream Answer);
}

message Question { string text = 1; }

message Answer { string text = 1; }
`

// TestOfficialStreams is TestOfficial for streams.
func TestOfficialStreams(t *testing.T) {
	svc := &spec.Service{Name: "talk"}
	const file = "testdata/official/streams_grpc.pb.go.txt"
	if *official != "" {
		if err := os.WriteFile(file, runOfficial(t, svc, []byte(streamsProto)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, got, err := Code(svc, []byte(streamsProto), "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(body(want), body(got)); diff != "" {
		t.Errorf("-official +ours\n%s", diff)
	}
}
