// Package shelf keeps the books of a library, at addresses of their own. What is
// written by hand is this file, service.go and the tests.
package shelf

import (
	"context"
	"errors"
	"time"
)

// ErrNoBook is an ISBN that no book here has.
//
//kit:error no_such_book 404
var ErrNoBook = errors.New("there is no such book")

// ErrTaken is an ISBN that a book here has already.
//
//kit:error isbn_taken 409
var ErrTaken = errors.New("a book with that ISBN is here already")

// ErrLent is a book that somebody has now.
//
//kit:error book_is_lent 409
var ErrLent = errors.New("the book is lent")

// ErrISBN is a number that no book can have.
//
//kit:error not_an_isbn 422
var ErrISBN = errors.New("not an ISBN: want 13 digits of which the last fits the others")

// ISBN is the number of a book, without hyphens: 9780262510875.
type ISBN string

// Book is what is known of one.
type Book struct {
	ISBN    ISBN     `json:"isbn"`
	Title   string   `json:"title"`
	Authors []string `json:"authors"`
	Year    int      `json:"year"`
	Loan    *Loan    `json:"loan,omitempty"` // nil while it stands on the shelf
}

// Loan is who has a book, and until when.
type Loan struct {
	Reader string    `json:"reader"`
	Due    time.Time `json:"due"`
}

// Service keeps books.
type Service interface {
	// GetBook is the book of that ISBN.
	//
	//kit:http GET /books/{isbn}
	//kit:idempotent
	GetBook(ctx context.Context, isbn ISBN) (book Book, err error)

	// ListBooks is the books by author whose title contains words, the latest
	// first: all of them for empty ones. It answers at most limit books, if that is
	// above zero, and total says how many there are.
	//
	//kit:http GET /books
	//kit:idempotent
	ListBooks(ctx context.Context, author, words string, limit int) (books []Book, total int, err error)

	// AddBook puts a new book on the shelf.
	//
	//kit:http POST /books
	AddBook(ctx context.Context, book Book) error

	// RemoveBook takes a book away for ever. One that is lent stays.
	//
	//kit:http DELETE /books/{isbn}
	RemoveBook(ctx context.Context, isbn ISBN) error

	// Lend gives a book to a reader. For a reader who has it already, that
	// makes due later or earlier.
	//
	//kit:http PUT /books/{isbn}/loan
	//kit:idempotent
	Lend(ctx context.Context, isbn ISBN, reader string, due time.Time) error

	// Return puts a book back on the shelf.
	//
	//kit:http DELETE /books/{isbn}/loan
	//kit:idempotent
	Return(ctx context.Context, isbn ISBN) error
}
