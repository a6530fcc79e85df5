package shelf

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	sicp   ISBN = "9780262510875"
	gopl   ISBN = "9780134190440"
	unix   ISBN = "9780139376818"
	nobody ISBN = "9780000000002"
)

var due = time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)

// stocked has three books, the last of which Ada has.
func stocked(t *testing.T) Service {
	t.Helper()
	svc := New()
	for _, b := range []Book{
		{ISBN: sicp, Title: "Structure and Interpretation of Computer Programs", Authors: []string{"Abelson", "Sussman"}, Year: 1996},
		{ISBN: unix, Title: "The Unix Programming Environment", Authors: []string{"Kernighan", "Pike"}, Year: 1984},
		{ISBN: gopl, Title: "The Go Programming Language", Authors: []string{"Donovan", "Kernighan"}, Year: 2015},
	} {
		if err := svc.AddBook(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := svc.Lend(t.Context(), gopl, "Ada", due); err != nil {
		t.Fatal(err)
	}
	return svc
}

// everyFresh calls test with a shelf of its own for each way to call one.
func everyFresh(t *testing.T, test func(t *testing.T, svc Service)) {
	t.Helper()
	for _, way := range []string{"in process", "http", "grpc"} {
		t.Run(way, func(t *testing.T) { test(t, everyWay(t, stocked(t))[way]) })
	}
}

func TestGetBook(t *testing.T) {
	everyFresh(t, func(t *testing.T, svc Service) {
		got, err := svc.GetBook(t.Context(), gopl)
		want := Book{
			ISBN: gopl, Title: "The Go Programming Language", Authors: []string{"Donovan", "Kernighan"}, Year: 2015,
			Loan: &Loan{Reader: "Ada", Due: due},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v (-want +got)\n%s", err, diff)
		}
		if _, err := svc.GetBook(t.Context(), nobody); !errors.Is(err, ErrNoBook) {
			t.Errorf("an unknown book: error %v, want %v", err, ErrNoBook)
		}
	})
}

func TestListBooks(t *testing.T) {
	tests := []struct {
		name, author, words string
		limit               int
		want                []ISBN
		total               int
	}{
		{name: "all", want: []ISBN{gopl, sicp, unix}, total: 3},
		{name: "the latest", limit: 1, want: []ISBN{gopl}, total: 3},
		{name: "of an author", author: "kernighan", want: []ISBN{gopl, unix}, total: 2},
		{name: "with a word", words: "program", want: []ISBN{gopl, sicp, unix}, total: 3},
		{name: "of an author, with words", author: "Pike", words: "unix programming", want: []ISBN{unix}, total: 1},
		{name: "none", words: "& ümläut?"},
	}
	for way, svc := range everyWay(t, stocked(t)) {
		for _, tt := range tests {
			t.Run(way+"/"+tt.name, func(t *testing.T) {
				books, total, err := svc.ListBooks(t.Context(), tt.author, tt.words, tt.limit)
				if err != nil || total != tt.total {
					t.Errorf("%d books, error %v, want %d books", total, err, tt.total)
				}
				var got []ISBN
				for _, b := range books {
					got = append(got, b.ISBN)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
	}
}

func TestAddBook(t *testing.T) {
	tests := []struct {
		isbn ISBN
		want error
	}{
		{isbn: nobody},
		{isbn: sicp, want: ErrTaken},
		{isbn: "9780262510874", want: ErrISBN}, // the last digit is another
		{isbn: "978-0262510875", want: ErrISBN},
		{isbn: "97802625108", want: ErrISBN},
		{isbn: "978026251087X", want: ErrISBN},
		{isbn: "", want: ErrISBN},
	}
	everyFresh(t, func(t *testing.T, svc Service) {
		for _, tt := range tests {
			if err := svc.AddBook(t.Context(), Book{ISBN: tt.isbn, Title: "A Book"}); !errors.Is(err, tt.want) {
				t.Errorf("AddBook(%q) = %v, want %v", tt.isbn, err, tt.want)
			}
		}
	})
}

func TestRemoveBook(t *testing.T) {
	everyFresh(t, func(t *testing.T, svc Service) {
		for _, tt := range []struct {
			isbn ISBN
			want error
		}{{sicp, nil}, {sicp, ErrNoBook}, {gopl, ErrLent}} {
			if err := svc.RemoveBook(t.Context(), tt.isbn); !errors.Is(err, tt.want) {
				t.Errorf("RemoveBook(%q) = %v, want %v", tt.isbn, err, tt.want)
			}
		}
		if _, total, err := svc.ListBooks(t.Context(), "", "", 0); err != nil || total != 2 {
			t.Errorf("%d books are left, error %v, want 2", total, err)
		}
	})
}

func TestLendAndReturn(t *testing.T) {
	everyFresh(t, func(t *testing.T, svc Service) {
		later := due.AddDate(0, 1, 0)
		steps := []struct {
			name string
			do   func(ctx context.Context) error
			want error
		}{
			{"lend it to Bob", func(ctx context.Context) error { return svc.Lend(ctx, sicp, "Bob", due) }, nil},
			{"to Ada, too", func(ctx context.Context) error { return svc.Lend(ctx, sicp, "Ada", due) }, ErrLent},
			{"to Bob for longer", func(ctx context.Context) error { return svc.Lend(ctx, sicp, "Bob", later) }, nil},
			{"remove it", func(ctx context.Context) error { return svc.RemoveBook(ctx, sicp) }, ErrLent},
			{"return it", func(ctx context.Context) error { return svc.Return(ctx, sicp) }, nil},
			{"and again", func(ctx context.Context) error { return svc.Return(ctx, sicp) }, nil},
			{"lend it to Ada", func(ctx context.Context) error { return svc.Lend(ctx, sicp, "Ada", later) }, nil},
			{"lend what there is not", func(ctx context.Context) error { return svc.Lend(ctx, nobody, "Ada", due) }, ErrNoBook},
			{"return that", func(ctx context.Context) error { return svc.Return(ctx, nobody) }, ErrNoBook},
		}
		for _, step := range steps {
			if err := step.do(t.Context()); !errors.Is(err, step.want) {
				t.Errorf("%s: error %v, want %v", step.name, err, step.want)
			}
		}
		book, err := svc.GetBook(t.Context(), sicp)
		if diff := cmp.Diff(&Loan{Reader: "Ada", Due: later}, book.Loan); err != nil || diff != "" {
			t.Errorf("in the end: error %v (-want +got)\n%s", err, diff)
		}
	})
}

// One of many who want the same book gets it.
func TestLendIsAtomic(t *testing.T) {
	for way, svc := range everyWay(t, stocked(t)) {
		t.Run(way, func(t *testing.T) {
			if err := svc.Return(t.Context(), unix); err != nil {
				t.Fatal(err)
			}
			errs := make(chan error, 8)
			var readers sync.WaitGroup
			for reader := range strings.SplitSeq("abcdefgh", "") {
				readers.Go(func() { errs <- svc.Lend(t.Context(), unix, reader, due) })
			}
			readers.Wait()
			close(errs)
			got := 0
			for err := range errs {
				switch {
				case err == nil:
					got++
				case !errors.Is(err, ErrLent):
					t.Error(err)
				}
			}
			if got != 1 {
				t.Errorf("%d readers got the one book", got)
			}
		})
	}
}

// What a browser, or curl, gets.
func TestAddresses(t *testing.T) {
	addr := serveHTTP(t, MakeEndpoints(stocked(t)))
	tests := []struct {
		method, path, body string
		status             int
		has                string
	}{
		{"GET", "/books/" + string(sicp), "", http.StatusOK, `"title":"Structure and`},
		{"GET", "/books/" + string(nobody), "", http.StatusNotFound, `"code":"no_such_book"`},
		{"GET", "/books?author=pike", "", http.StatusOK, `"total":1`},
		{"GET", "/books?limit=few", "", http.StatusBadRequest, "limit"},
		{"POST", "/books", `{"book":{"isbn":"1"}}`, http.StatusUnprocessableEntity, `"code":"not_an_isbn"`},
		{"PUT", "/books/" + string(gopl) + "/loan", `{"reader":"Bob"}`, http.StatusConflict, `"code":"book_is_lent"`},
		{"DELETE", "/books/" + string(gopl), "", http.StatusConflict, `"code":"book_is_lent"`},
		{"DELETE", "/books", "", http.StatusMethodNotAllowed, ""},
	}
	for _, tt := range tests {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			status, body := fetch(t, tt.method, "http://"+addr+tt.path, tt.body)
			if status != tt.status || !strings.Contains(body, tt.has) {
				t.Errorf("%d %s, want %d and %s", status, body, tt.status, tt.has)
			}
		})
	}
}

func fetch(t *testing.T, method, url, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text strings.Builder
	if _, err := io.Copy(&text, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text.String()
}
