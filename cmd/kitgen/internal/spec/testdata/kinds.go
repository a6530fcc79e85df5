// Package kinds has every kind of type that travels, and the names that are
// awkward in a .proto or in Go.
package kinds

import (
	ctx "context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/netip"
	"time"
)

// Service is made of four parts.
type Service interface {
	Scalars
	Shapes
	Structures

	// Nothing takes and returns nothing.
	Nothing(ctx.Context) error

	// Callers in the same process close it.
	//kit:skip
	io.Closer
}

// Scalars have one value each.
type Scalars interface {
	Numbers(_ ctx.Context, a int, b int8, c int16, d int32, e int64, f uint, g uint8, h uint16, i uint32, j uint64) (k float32, l float64, err error)
	Text(ctx ctx.Context, b bool, s string, raw []byte, r rune, by byte) (ID, Blob, Level, error)
	Times(ctx ctx.Context, at time.Time, for_ time.Duration, t *time.Time, d *time.Duration, w Wait) (time.Time, time.Duration, error)
	Optional(ctx ctx.Context, b *bool, s *string, n *int8, id *ID) (*float64, error)
	Enums(ctx ctx.Context, c Color, p *Color, l []Color, m map[string]Color, w Wide, n Narrow) (r Color, s []*Wide, err error)
	Texts(ctx ctx.Context, a netip.Addr, p *netip.Addr, l []netip.Addr, m map[netip.Addr]int, n *big.Int, g Grade) (ns []*big.Int, gs map[Grade]*Grade, err error)
	Raws(ctx ctx.Context, r json.RawMessage, l []json.RawMessage) (m map[string]json.RawMessage, err error)
	// Anything is what JSON has.
	//kit:any
	Anything(ctx ctx.Context, v any, m map[string]any, l []any) (r interface{}, err error)
	Single(ctx.Context, string) error
	Hygiene(ctx ctx.Context, request, response, req, resp, svc, v, m, bad string, e, s, in, out int8) (r, c, f string, err error)
}

// Shapes have many.
type Shapes = interface {
	Lists(_ ctx.Context, a []string, b []ID, c []time.Time, d [][]byte, e []*Node, f IDs, g ...Level) ([]Node, error)
	Maps(ctx ctx.Context, a map[string]int, b map[int8]Node, c map[ID]*Node, d map[uint64]time.Duration, e Index) (map[string][]byte, error)
	Arrays(ctx ctx.Context, a [4]byte, b [3]int, c [size]ID, d [2][2]int8, e [2]Leaf, f [0]int, g Hash) (h [2]time.Time, i map[string][4]byte, err error)
	Grids(ctx ctx.Context, a [][]string, b [][][]int, c []IDs, d [][]Leaf, e [][2]int16, f ...[]bool) ([][]float64, error)
	ListsOfMaps(ctx ctx.Context, a []map[string]int, b []Index) ([]map[ID]Leaf, error)
	MapsOfLists(ctx ctx.Context, a map[string][]string, b map[int][]ID, c map[string]map[string]int, d map[string]Index) (map[string]map[int8][]bool, error)
	Sets(ctx ctx.Context, a map[string]struct{}, b map[ID]struct{}, c map[int]struct{}, d Tags, e []Tags, f map[string]Tags) (map[uint8]struct{}, error)
	Gaps(ctx ctx.Context, a []*int, b []*string, c map[string]*bool, d []*ID, e [2]*int, f []*time.Time) (g []*float64, err error)
	Named(ctx ctx.Context, a Names, b Scores, c Matrix, d Fixed) (Names, Matrix, error)
}

// Structures are made of structs.
type Structures interface {
	Awkward(ctx ctx.Context, message, syntax, option, err, typ, request, reset string, marshal, xName, name, getName *string) (map[string]string, error)
	Structs(ctx ctx.Context, n Node, p *Node, a Alias, h hidden) (*Kinds, error)
	Embedded(ctx ctx.Context, a Embeds, p *Embeds, l []Outer) (Embeds, error)
	Anonymous(ctx ctx.Context, p struct{ X int8 }, l []struct {
		N    int `json:"n"`
		Deep struct{ Text []string }
	}) (r struct {
		OK bool `json:"ok"`
	}, err error)
	Generics(ctx ctx.Context, p Page[Leaf], q *Page[ID], r Pair[string, int], l []Pair[[]int, *Leaf]) (Page[Page[Leaf]], error)
	Foreign(ctx ctx.Context, s sql.NullString, m time.Month, h http.Header, d map[time.Month]sql.NullInt16, c Code) (*sql.NullTime, error)
	Recursive(ctx ctx.Context, t Tree, f Forest) (map[string]Tree, error)
	Same(ctx ctx.Context, r PageLeaf) (s Sum, err error)
}

const size = half * 2

const half = 1

type (
	// ID is text.
	ID    string
	Blob  []byte
	Level uint8
	Wait  time.Duration
	IDs   []ID
	Index map[string]ID
	Alias = *Leaf

	Names  []string
	Scores map[string]float32
	Matrix [2][2]float64
	Fixed  [size]Level
	Hash   [sha256.Size]byte
	Sum    = Hash
	Tags   map[string]struct{}
	Code   sql.NullString
	Forest []Tree

	PageLeaf = Page[Leaf]
)

// Color has a name.
//
//kit:enum
type Color int

// The colours.
const (
	ColorNone Color = iota
	ColorRed        // of blood
	Blue
	Azure = Blue
)

// Wide is wider than an enum.
//
//kit:enum
type Wide uint64

const (
	WideZero Wide = 0
	WideTen  Wide = 10
)

// Narrow is narrower, and below 0.
//
//kit:enum
type Narrow int8

const (
	NarrowBelow Narrow = -1
	NarrowZero  Narrow = 0
)

// Grade is a letter on the wire.
type Grade int

// MarshalText fails for what is no grade.
func (g Grade) MarshalText() ([]byte, error) {
	if g < 0 || g > 25 {
		return nil, errors.New("no grade")
	}
	return []byte{'A' + byte(g)}, nil
}

// UnmarshalText takes a letter.
func (g *Grade) UnmarshalText(text []byte) error {
	if len(text) != 1 || text[0] < 'A' || text[0] > 'Z' {
		return errors.New("no grade")
	}
	*g = Grade(text[0] - 'A')
	return nil
}

// Node is one of a tree.
type Node struct {
	Name     string `json:"name"`
	Children []Node
	Parent   *Node
	ByName   map[string]*Node
	Leaf     Leaf // at the end
	secret   chan int
	Skipped  func() `json:"-"`
	// Reset has a name that protobuf's own method needs.
	Reset, String bool
	UserID        ID
	HTTPPort2     uint16
}

// Leaf is flat.
type Leaf struct {
	At *time.Time
	N  *int
}

type hidden struct{ Shown int }

// Kinds is named like the service.
type Kinds struct {
	All []hidden
}

// Base is embedded.
type Base struct {
	Version int16
	Note    string `json:"note"`
	Over    int
}

// Extra may be missing.
type Extra struct {
	Count uint8
	Grade Grade
	At    time.Time
	List  []string
	Inner
	*More
}

// Inner is within Extra.
type Inner struct{ Color Color }

// More may be missing in Extra.
type More struct {
	Limit int
	Other *int
}

// Embeds is made of others.
type Embeds struct {
	Base
	*Extra
	hidden
	Leaf `json:"leaf"`
	ID
	Over string // and not Base's
}

// Outer embeds what embeds.
type Outer struct {
	*Embeds
	X, Y float32
}

// Page is part of a list.
type Page[T any] struct {
	Items []T
	Next  *ID
	Total int
}

// Pair is two.
type Pair[A, B any] struct {
	First  A
	Second B
}

// Tree has no nodes of another type.
type Tree struct {
	Kids   []Tree
	Left   *Tree
	By     map[string]Tree
	Around Forest
}
