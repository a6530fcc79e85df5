// Package kinds has every kind of type that travels, and the names that are
// awkward in a .proto or in Go.
package kinds

import (
	ctx "context"
	"time"
)

// Service is made of two parts.
type Service interface {
	Scalars
	Shapes

	// Nothing takes and returns nothing.
	Nothing(ctx.Context) error
}

// Scalars have one value each.
type Scalars interface {
	Numbers(_ ctx.Context, a int, b int8, c int16, d int32, e int64, f uint, g uint8, h uint16, i uint32, j uint64) (k float32, l float64, err error)
	Text(ctx ctx.Context, b bool, s string, raw []byte, r rune, by byte) (ID, Blob, Level, error)
	Times(ctx ctx.Context, at time.Time, for_ time.Duration, t *time.Time, d *time.Duration, w Wait) (time.Time, time.Duration, error)
	Optional(ctx ctx.Context, b *bool, s *string, n *int8, id *ID) (*float64, error)
}

// Shapes have many.
type Shapes = interface {
	Lists(_ ctx.Context, a []string, b []ID, c []time.Time, d [][]byte, e []*Node, f IDs, g ...Level) ([]Node, error)
	Maps(ctx ctx.Context, a map[string]int, b map[int8]Node, c map[ID]*Node, d map[uint64]time.Duration, e Index) (map[string][]byte, error)
	Awkward(ctx ctx.Context, message, syntax, option, err, typ, request, reset string, marshal, xName, name, getName *string) (map[string]string, error)
	Structs(ctx ctx.Context, n Node, p *Node, a Alias, h hidden) (*Kinds, error)
}

type (
	// ID is text.
	ID    string
	Blob  []byte
	Level uint8
	Wait  time.Duration
	IDs   []ID
	Index map[string]ID
	Alias = *Leaf
)

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
