package servers

import "testing"

func TestPortsAreNotGivenTwice(t *testing.T) {
	t.Parallel()
	seen := make(map[int]bool)
	for range 50 {
		p, err := reservePort()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := p.release(); err != nil {
				t.Error(err)
			}
		})
		if seen[p.number] {
			t.Fatalf("port %d was given twice", p.number)
		}
		seen[p.number] = true
	}
}

func TestReleasedPortIsFree(t *testing.T) {
	t.Parallel()
	p, err := reservePort()
	if err != nil {
		t.Fatal(err)
	}
	name := p.lock.Name()
	if l, err := tryLockFile(name); err == nil {
		t.Errorf("locked %s a second time", l.Name())
	}
	if err := p.release(); err != nil {
		t.Fatal(err)
	}
	l, err := waitLockFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
