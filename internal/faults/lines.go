package main

import (
	"bytes"
	"io"
)

// lines writes whole lines to another writer, each with a name before it. One
// goroutine uses it.
type lines struct {
	name string
	out  io.Writer
	rest []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		i := bytes.IndexByte(l.rest, '\n')
		if i < 0 {
			return len(p), nil
		}
		line := append([]byte(l.name+": "), l.rest[:i+1]...)
		l.rest = l.rest[i+1:]
		if _, err := l.out.Write(line); err != nil {
			return 0, err
		}
	}
}
