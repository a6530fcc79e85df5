package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGrouped(t *testing.T) {
	got := strings.Join(grouped([]variable{{"ctx", "context.Context"}, {"a", "int"}, {"b", "int"}, {"c", "string"}, {"d", "...string"}}), ", ")
	if want := "ctx context.Context, a, b int, c string, d ...string"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLongListsGoOnSeveralLines(t *testing.T) {
	in := addsvc(t)
	in.Service = load(t, "addsvc", `package addsvc

import "context"

type Service interface {
	Describe(ctx context.Context, theNameOfThePerson, theStreetWhereTheyLive, theTownOfThatStreet, theCountryOfThatTown string, years int) (summary string, err error)
}
`)
	files, err := Render(in, tree(t))
	if err != nil {
		t.Fatal(err)
	}
	const want = `
func (c Caller) Describe(
	ctx context.Context, theNameOfThePerson, theStreetWhereTheyLive, theTownOfThatStreet,
	theCountryOfThatTown string, years int,
) (summary string, err error) {
	resp, err := callEndpoint[DescribeResponse](ctx, c.Endpoints.Describe, DescribeRequest{
		TheNameOfThePerson:     theNameOfThePerson,
		TheStreetWhereTheyLive: theStreetWhereTheyLive,
		TheTownOfThatStreet:    theTownOfThatStreet,
		TheCountryOfThatTown:   theCountryOfThatTown,
		Years:                  years,
	})
	return resp.Summary, err
}
`
	for _, f := range files {
		if f.Path == "endpoints_gen.go" && !strings.Contains(string(f.Text), want) {
			t.Error(cmp.Diff(want, string(f.Text)))
		}
	}
}

// Results that are named as something else in the endpoint get other names there.
func TestAnswers(t *testing.T) {
	in := addsvc(t)
	in.Service = load(t, "addsvc", `package addsvc

import "context"

type Service interface {
	Odd(ctx context.Context, a int) (request, req, withCode string, err error)
}
`)
	files, err := Render(in, tree(t))
	if err != nil {
		t.Fatal(err)
	}
	const want = `
		request2, req2, withCode2, err := svc.Odd(ctx, req.A)
		return OddResponse{Request: request2, Req: req2, WithCode: withCode2}, err
`
	for _, f := range files {
		if f.Path == "endpoints_gen.go" && !strings.Contains(string(f.Text), want) {
			t.Error(cmp.Diff(want, string(f.Text)))
		}
	}
}
