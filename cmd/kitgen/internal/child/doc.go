// Package child runs programs that end when kitgen does: etcd, replicas, loads.
//
// A child is waited for by whoever started it, is out of the reach of a Ctrl-C
// at kitgen's terminal, so that kitgen can end its children in order, and on
// Linux is killed by the kernel if kitgen dies without doing so. Elsewhere, a
// kitgen that is killed leaves its children behind; the next kitgen dev of the
// directory ends those of a session.
package child
