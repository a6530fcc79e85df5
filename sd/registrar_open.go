package sd

// OpenRegistrar makes a Registrar of self in what target names, by the scheme of
// its name, as Open makes an Instancer. It sees its own removal (Gone) by a
// watch of the same target, unless cfg has a Watcher or the scheme has none. It
// does not touch the network. Every error matches ErrTarget, or ErrInvalid if it
// is about self.
//
//	registrar, err := sd.OpenRegistrar("etcd://10.0.0.1:2379/addsvc", self, sd.RegistrarConfig{},
//		etcd.Scheme(etcd.Config{}), consul.Scheme(consul.Config{}))
func OpenRegistrar(target string, self Instance, cfg RegistrarConfig, schemes ...Scheme) (*Registrar, error) {
	h, err := OpenHolder(target, schemes...)
	if err != nil {
		return nil, err
	}
	if cfg.Watcher == nil {
		if cfg.Watcher, err = openWatcher(target, schemes); err != nil {
			return nil, err
		}
	}
	r := NewRegistrar(h, self, cfg)
	if err := r.in.Validate(); err != nil {
		return nil, err
	}
	return r, nil
}

// openWatcher makes the Watcher of what target names; nil if its scheme has
// none.
func openWatcher(target string, schemes []Scheme) (Watcher, error) {
	t, s, err := find(target, schemes)
	if err != nil || s.Watcher == nil {
		return nil, err
	}
	if _, err := t.configure(InstancerConfig{}); err != nil {
		return nil, err
	}
	w, err := s.Watcher(t)
	if err != nil {
		return nil, asTarget(err)
	}
	return w, nil
}
