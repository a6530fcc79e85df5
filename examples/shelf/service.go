package shelf

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// New returns a shelf without books.
func New() Service {
	return &service{books: map[ISBN]Book{}}
}

// service keeps its books in memory.
type service struct {
	mu    sync.Mutex // guards books
	books map[ISBN]Book
}

// GetBook looks in the map.
func (s *service) GetBook(_ context.Context, isbn ISBN) (book Book, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(isbn)
}

// find is called with mu held.
func (s *service) find(isbn ISBN) (Book, error) {
	book, ok := s.books[isbn]
	if !ok {
		return Book{}, ErrNoBook
	}
	return book, nil
}

// ListBooks takes letters in either case.
func (s *service) ListBooks(_ context.Context, author, words string, limit int) (books []Book, total int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.books {
		if b.by(author) && contains(b.Title, words) {
			books = append(books, b)
		}
	}
	slices.SortFunc(books, func(a, b Book) int {
		return cmp.Or(cmp.Compare(b.Year, a.Year), cmp.Compare(a.Title, b.Title), cmp.Compare(a.ISBN, b.ISBN))
	})
	total = len(books)
	if limit > 0 && limit < total {
		books = books[:limit]
	}
	return books, total, nil
}

func (b Book) by(author string) bool {
	return author == "" || slices.ContainsFunc(b.Authors, func(a string) bool { return contains(a, author) })
}

func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// AddBook takes only books that can be found again.
func (s *service) AddBook(_ context.Context, book Book) error {
	if !book.ISBN.valid() {
		return ErrISBN
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.books[book.ISBN]; ok {
		return ErrTaken
	}
	book.Loan = nil // a new book is nobody's
	s.books[book.ISBN] = book
	return nil
}

// valid reports whether the last digit is the check digit of the others.
func (n ISBN) valid() bool {
	if len(n) != 13 {
		return false
	}
	sum := 0
	for i, digit := range n {
		if digit < '0' || digit > '9' {
			return false
		}
		sum += int(digit-'0') * (1 + 2*(i%2)) // weighs 1, 3, 1, 3 …
	}
	return sum%10 == 0
}

// RemoveBook leaves lent books alone.
func (s *service) RemoveBook(_ context.Context, isbn ISBN) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	book, err := s.find(isbn)
	if err != nil {
		return err
	}
	if book.Loan != nil {
		return ErrLent
	}
	delete(s.books, isbn)
	return nil
}

// Lend makes a new Loan: answers in flight may still have the one before.
func (s *service) Lend(_ context.Context, isbn ISBN, reader string, due time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	book, err := s.find(isbn)
	if err != nil {
		return err
	}
	if book.Loan != nil && book.Loan.Reader != reader {
		return ErrLent
	}
	book.Loan = &Loan{Reader: reader, Due: due}
	s.books[isbn] = book
	return nil
}

// Return takes back a book that is here already, too.
func (s *service) Return(_ context.Context, isbn ISBN) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	book, err := s.find(isbn)
	if err != nil {
		return err
	}
	book.Loan = nil
	s.books[isbn] = book
	return nil
}
