package kithttp

import (
	stdlog "log"

	"github.com/go-kit/log"
)

// newErrorLog is what net/http writes its own complaints to.
func newErrorLog(logger log.Logger) *stdlog.Logger {
	return stdlog.New(log.NewStdlibAdapter(logger), "", 0)
}
