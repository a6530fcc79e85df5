// Package rows has a field for each type that JSON has an idea of its own of.
package rows

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"strconv"
	"time"
)

// Service sends them there and back.
type Service interface {
	Echo(ctx context.Context, all All) (echo All, err error)
}

// All are all of them.
type All struct {
	Time       time.Time
	TimePtr    *time.Time
	Duration   time.Duration
	Wait       Wait
	Raw        json.RawMessage
	Bytes      []byte
	Blob       Blob
	Octets     []Octet
	Words      []Word
	Array      [4]byte
	Pair       [2]Point
	Number     json.Number
	BigInt     *big.Int
	BigFloat   *big.Float
	BigRat     *big.Rat
	Level      slog.Level
	Addr       netip.Addr
	Prefix     *netip.Prefix
	IP         net.IP
	Money      Money
	Monies     []*Money
	Code       Code
	Codes      []Code
	Written    Written
	Read       *Read
	Maybe      Maybe[Point]
	Color      Color
	Mood       Mood
	Tone       Tone
	Any        any //kit:any
	ByText     map[string]Point
	ByInt      map[int8]bool
	ByUint     map[uint16]*int
	ByAddr     map[netip.Addr]string
	Set        map[string]struct{}
	IntSet     map[int]struct{}
	Lists      [][]string
	Ptr        *Point
	Small      int8
	Large      uint64
	Float      float32
	Inner                     // its fields are among the others
	*Outer                    // may be missing, and its fields with it
	Named      Inner          `json:"named"`
	Omitted    int            `json:"omitted,omitempty"`
	OmittedPtr *Point         `json:",omitempty"`
	OmittedAt  time.Time      `json:",omitzero"`
	QInt       int            `json:"qInt,string"`
	QBool      bool           `json:",string"`
	QFloat     *float64       `json:",string,omitempty"`
	QString    string         `json:",string"`
	QNumber    json.Number    `json:",string"`
	QDuration  *time.Duration `json:",string"`
	QColor     Color          `json:",string"`
	QMood      Mood           `json:",string"`
	QLevel     slog.Level     `json:",string"`
	QBytes     []byte         `json:",string"`
	QPoint     Point          `json:",string"`
}

type (
	Wait  time.Duration
	Blob  []byte
	Octet uint8
)

// Inner is embedded.
type Inner struct{ InnerX, InnerY int16 }

// Outer is embedded by a pointer.
type Outer struct{ OuterZ *uint32 }

// Point is plain.
type Point struct {
	X int `json:"x"`
	Y int `json:"y"`
}

// Money is a string by its own account.
type Money struct{ Cents int64 }

func (m Money) MarshalJSON() ([]byte, error) {
	return strconv.AppendQuote(nil, strconv.FormatInt(m.Cents, 10)+"c"), nil
}

func (m *Money) UnmarshalJSON(text []byte) (err error) {
	m.Cents, err = strconv.ParseInt(string(bytes.Trim(text, `"c`)), 10, 64)
	return err
}

// Code is an object, where one can reach it.
type Code int

func (c *Code) MarshalJSON() ([]byte, error) { return json.Marshal(map[string]int{"code": int(*c)}) }

func (c *Code) UnmarshalJSON([]byte) error { return errors.ErrUnsupported }

// Written is text, and cannot be read again.
type Written struct{ A int }

func (w Written) MarshalText() ([]byte, error) { return []byte("written"), nil }

// Read can be read from text.
type Read struct{ A int }

func (r *Read) UnmarshalText([]byte) error { return nil }

// Maybe is null or what is in it.
type Maybe[T any] struct{ Value *T }

func (m Maybe[T]) MarshalJSON() ([]byte, error) { return json.Marshal(m.Value) }

func (m *Maybe[T]) UnmarshalJSON(text []byte) error { return json.Unmarshal(text, &m.Value) }

// Word is a byte that is written as text.
type Word uint8

func (w Word) MarshalText() ([]byte, error) { return []byte{'a' + byte(w%26)}, nil }

func (w *Word) UnmarshalText(text []byte) error {
	*w = Word(text[0] - 'a')
	return nil
}

// Color is an enum.
//
//kit:enum
type Color int

const (
	ColorNone Color = iota
	ColorRed
)

// Mood is an enum that is text.
//
//kit:enum
type Mood int8

const (
	Calm Mood = iota
	Merry
)

func (m Mood) MarshalText() ([]byte, error) { return []byte("mood" + strconv.Itoa(int(m))), nil }

func (m *Mood) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text[4:]))
	*m = Mood(n)
	return err
}

// Tone is an enum that is text where one can reach it.
//
//kit:enum
type Tone int8

const (
	Low Tone = iota
	High
)

func (t *Tone) MarshalText() ([]byte, error) { return []byte("tone" + strconv.Itoa(int(*t))), nil }

func (t *Tone) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text[4:]))
	*t = Tone(n)
	return err
}
