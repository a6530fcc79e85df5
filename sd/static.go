package sd

import (
	"fmt"
	"strconv"
)

// Static is the scheme of targets that are their own registry: a list that
// never changes, as Fixed.
//
//	static://10.0.0.7:8080,10.0.0.8:8080
//	static://10.0.0.7:8080?zone=eu-west-1a&weight=2
//
// Parameters hold for every host: zone is Instance.Zone, weight
// Instance.Weight. There is no path, and nobody can register there.
func Static() Scheme {
	return Scheme{Name: "static", Watcher: func(t Target) (Watcher, error) {
		f, err := fixed(t)
		if err != nil {
			return nil, err
		}
		return f, nil
	}}
}

func fixed(t Target) (Fixed, error) {
	if err := t.Only("weight", "zone"); err != nil {
		return nil, err
	}
	switch {
	case len(t.Hosts) == 0:
		return nil, fmt.Errorf("%w: the list %s names no host: write static://host:port,host:port", ErrTarget, t)
	case t.User != "" || t.Password != "":
		return nil, fmt.Errorf("%w: the list %s has a user: take it away, for there is nobody to log in to", ErrTarget, t)
	case len(t.Path) > 0:
		return nil, fmt.Errorf("%w: the list %s has a path: take it away, for a list is one service", ErrTarget, t)
	}
	var like Instance
	if text, ok := t.param("zone"); ok {
		if like.Zone = text; text == "" {
			return nil, fmt.Errorf("%w: parameter zone is empty: name one, or take it away", ErrTarget)
		}
	}
	if text, ok := t.param("weight"); ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > MaxWeight {
			return nil, fmt.Errorf("%w: parameter weight is %s: write a number from 1 to %d", ErrTarget, quote(text), MaxWeight)
		}
		like.Weight = n
	}
	list := make(Fixed, 0, len(t.Hosts))
	for _, host := range t.Hosts {
		in := like
		in.Addr = host
		if err := in.Validate(); err != nil { // a Target that ParseTarget did not make
			return nil, fmt.Errorf("%w: %w", ErrTarget, err)
		}
		list = append(list, in)
	}
	return list, nil
}
