// Package routes has its methods at addresses of their own.
package routes

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// ErrTooLong is a name that nobody could read out.
var ErrTooLong = errors.New("the name is too long") //kit:error name_too_long 422

var (
	// ErrNoUser is an ID that nobody has.
	//
	//kit:error no_user 404
	ErrNoUser = errors.New("there is no such user")
	errTaken  = errors.New("the name is taken") //kit:error name_taken 409
)

// Service keeps users.
type Service interface {
	// GetUser is the user with that ID.
	//
	//kit:http GET /users/{id}
	GetUser(ctx context.Context, id ID) (user User, err error)

	// ListUsers is everybody to whom all that is given applies.
	//
	//kit:http GET /users
	ListUsers(ctx context.Context, name string, tags []string, since *time.Time, limit int, ages ...Age) (users []User, err error)

	// PutUser replaces a user.
	//
	//kit:http PUT /users/{id}
	PutUser(ctx context.Context, id ID, name string, age Age) error

	//kit:http DELETE /users/{id}/posts/{number}
	DeletePost(ctx context.Context, id ID, number uint32, dryRun bool) error

	// Follow is told who follows whom.
	//
	//kit:http POST /users/{id}/followers/{follower}
	Follow(ctx context.Context, id, follower ID) (followers int64, err error)

	//kit:http GET /measure/{b}/{i}/{u}/{f}/{at}/{d}
	Measure(ctx context.Context, b bool, i int8, u uint64, f float64, at time.Time, d time.Duration, x *float32, y *Wait, z []int32) (echo Echo, err error)

	//kit:http GET /near/{addr}/{color}
	Near(ctx context.Context, addr netip.Addr, color Color, others []netip.Addr, best *netip.Addr, next netip.Addr, colors []Color, odd *Color, last Color, mood Mood, moods []Mood) (found netip.Addr, err error)

	// Rename says what it says in the default place.
	Rename(ctx context.Context, id ID, name string) error

	//kit:http GET /
	Root(ctx context.Context) (count uint64, err error)

	//kit:skip grpc
	Web(ctx context.Context, page Page) (page2 Page, err error)

	//kit:skip http
	Wire(ctx context.Context, text string) (back string, err error)
}

type (
	ID   string
	Age  uint8
	Wait time.Duration
)

// Color is one of three.
//
//kit:enum
type Color int8

// The colors.
const (
	Red Color = iota // as blood
	Green
	Blue
)

// Mood is written as a word.
//
//kit:enum
type Mood uint8

// The moods.
const (
	Calm Mood = iota
	Merry
)

// MarshalText is the word.
func (m Mood) MarshalText() ([]byte, error) { return []byte([]string{"calm", "merry"}[m]), nil }

// UnmarshalText knows the words.
func (m *Mood) UnmarshalText(text []byte) error {
	switch string(text) {
	case "calm":
		*m = Calm
	case "merry":
		*m = Merry
	default:
		return errors.New("a mood is calm or merry")
	}
	return nil
}

// User is somebody.
type User struct {
	ID   ID     `json:"id"`
	Name string `json:"name"` // as it is to be read out
	Age  Age    `json:"age"`
}

// Page is only looked at.
type Page struct {
	Title string `json:"title"`
}

// Echo is what arrived.
type Echo struct {
	B  bool
	I  int8
	U  uint64
	F  float64
	At time.Time
	D  time.Duration
	X  *float32
	Y  *Wait
	Z  []int32
}
