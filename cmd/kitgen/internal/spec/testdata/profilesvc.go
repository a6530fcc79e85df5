// Package profilesvc keeps people and where they live.
package profilesvc

import (
	"context"
	"errors"
	"time"

	"example.com/profilesvc/api/missing" // generated later
)

// ErrNotFound is returned for an ID that nobody has.
var ErrNotFound = errors.New("not found")

// Service stores profiles.
type Service interface {
	PostProfile(ctx context.Context, p Profile) error
	//kit:idempotent
	GetProfile(ctx context.Context, id ID) (Profile, error)
	//kit:idempotent
	PutProfile(ctx context.Context, id ID, p Profile) error
	PatchProfile(ctx context.Context, id ID, p Profile) error
	//kit:idempotent
	DeleteProfile(ctx context.Context, id ID) error
	//kit:idempotent
	GetAddresses(ctx context.Context, profileID ID) ([]Address, error)
	//kit:idempotent
	GetAddress(ctx context.Context, profileID ID, addressID string) (Address, error)
	PostAddress(ctx context.Context, profileID ID, a Address) error
	//kit:idempotent
	DeleteAddress(ctx context.Context, profileID ID, addressID string) error
}

// ID tells profiles apart.
type ID string

// Profile is one person.
type Profile struct {
	ID        ID        `json:"id"`
	Name      string    `json:"name,omitempty"`
	Addresses []Address `json:"addresses,omitempty"`
	Born      time.Time `json:"born"`
	cache     missing.Thing
}

// Address is where mail arrives.
type Address struct {
	ID       string `json:"id"`
	Location string `json:"location,omitempty"` // street and town
}
