package table

import "sync/atomic"

// Methods is a Table of the methods of services that finds most of them without
// hashing: two searches are a good part of what a call's metrics cost.
type Methods[V any] struct {
	all   *Table[method, *entry[V]]
	quick [64]atomic.Pointer[entry[V]] // by index; the first that comes stays
}

type method struct{ service, name string }

type entry[V any] struct {
	method
	value V
}

// NewMethods returns a table of up to limit methods of all services. A value is
// made by fill, once.
func NewMethods[V any](limit int, fill func(service, name string) V) *Methods[V] {
	return &Methods[V]{all: New(limit, func(m method) *entry[V] { return &entry[V]{m, fill(m.service, m.name)} })}
}

// Get returns the value of a method, which it makes if there is room, and else
// whether there was none.
func (m *Methods[V]) Get(service, name string) (value V, ok bool) {
	slot := &m.quick[index(service, name)%64]
	if e := slot.Load(); e != nil && e.name == name && e.service == service {
		return e.value, true
	}
	e, ok := m.all.Get(method{service, name})
	if !ok {
		return value, false
	}
	slot.CompareAndSwap(nil, e)
	return e.value, true
}

// index tells most methods of a few services apart: names differ in length or
// at one of their ends.
func index(service, name string) uint {
	i := uint(len(service))
	if n := uint(len(name)); n > 0 {
		i += 5*n + 31*uint(name[0]) + 7*uint(name[n-1])
	}
	return i
}
