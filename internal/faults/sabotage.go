package main

import (
	"context"
	"io"
)

func (m *matrix) sabotageAll(context.Context, io.Writer) error { return nil }
