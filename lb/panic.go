package lb

// watchOver is what relax does besides, for those who configured it: outlier
// ejection, slow start and the panic threshold.
func (p *Pool) watchOver(s *snapshot, now int64) {
	if p.outliers != nil {
		p.outliers.judge(p, s, now)
	}
	if p.cfg.SlowStart.Window > 0 {
		for i := range s.all {
			if n := s.all[i].node; n.barred.Load()&warming != 0 {
				n.warm(now)
			}
		}
	}
	if p.cfg.PanicBelow > 0 {
		p.panicking.Store(s.usableBelow(p.cfg.PanicBelow))
	}
}

// usableBelow says whether less than that share can be picked. Who is critical
// cannot.
func (s *snapshot) usableBelow(share float64) bool {
	need := share * float64(len(s.all))
	for i := range s.pickable {
		if need <= 0 {
			break
		}
		if s.pickable[i].node.usable(0) {
			need--
		}
	}
	return need > 0
}

// Panicking reports whether so few instances are usable that calls go to all of
// them: none, or a smaller share than PoolConfig.PanicBelow when calls last
// looked. It is false without any instance.
func (p *Pool) Panicking() bool {
	s := p.snap.Load()
	if len(s.all) == 0 {
		return false
	}
	return s.panicking() || !s.anyUsable()
}

func (s *snapshot) anyUsable() bool {
	for i := range s.pickable {
		if s.pickable[i].node.usable(0) {
			return true
		}
	}
	return false
}

// asShare returns x as a share: 0 if it is negative or not a number, 1 at most.
func asShare(x float64) float64 {
	if !(x > 0) {
		return 0
	}
	return min(x, 1)
}
