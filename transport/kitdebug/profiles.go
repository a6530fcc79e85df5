package kitdebug

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"slices"
	"strconv"
	"strings"
	"time"
)

// profiles answers /debug/pprof/ as go tool pprof and go tool trace want it. It
// is not net/http/pprof, which puts itself on http.DefaultServeMux wherever it is
// imported, and shows the command line, where secrets may be.
func (p *Page) profiles(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		plain(w, http.StatusMethodNotAllowed, "kitdebug: profiles are only read: use GET")
		return
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "none", "same-origin":
	default: // another site cannot read a profile, but could have this process take one after another
		plain(w, http.StatusForbidden, "kitdebug: another web site asks for a profile ("+printable(site)+"); open the address by hand")
		return
	}
	switch name := strings.TrimPrefix(r.URL.Path, "/debug/pprof/"); name {
	case "":
		index(w)
	case "profile":
		during(w, r, 30*time.Second, pprof.StartCPUProfile, pprof.StopCPUProfile)
	case "trace":
		during(w, r, time.Second, trace.Start, trace.Stop)
	default:
		lookup(w, r, name)
	}
}

// index lists what there is.
func index(w http.ResponseWriter) {
	all := pprof.Profiles()
	slices.SortFunc(all, func(a, b *pprof.Profile) int { return strings.Compare(a.Name(), b.Name()) })
	var b strings.Builder
	for _, profile := range all {
		fmt.Fprintf(&b, "%-14s %d\n", profile.Name(), profile.Count())
	}
	b.WriteString("profile        of the processor, for ?seconds=30\ntrace          for go tool trace, ?seconds=1\n")
	plain(w, http.StatusOK, strings.TrimSuffix(b.String(), "\n"))
}

func lookup(w http.ResponseWriter, r *http.Request, name string) {
	profile := pprof.Lookup(name)
	if profile == nil {
		plain(w, http.StatusNotFound, "kitdebug: there is no profile "+printable(name)+"; /debug/pprof/ lists them")
		return
	}
	debug := 0
	if text := r.FormValue("debug"); text != "" {
		var err error
		if debug, err = strconv.Atoi(text); err != nil || debug < 0 || debug > 2 {
			plain(w, http.StatusBadRequest, "kitdebug: debug="+printable(text)+": want 0, 1 or 2")
			return
		}
	}
	if name == "heap" && r.FormValue("gc") != "" {
		runtime.GC() // the reader wants the heap without what is garbage
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if debug > 0 {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	_ = profile.WriteTo(w, debug) // the reader went away; there is nobody to tell
}

// during measures for as long as the request says, and as there is somebody who
// wants to know.
func during(w http.ResponseWriter, r *http.Request, usual time.Duration, start func(io.Writer) error, stop func()) {
	d := usual
	if text := r.FormValue("seconds"); text != "" {
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil || !(seconds > 0 && seconds <= 300) {
			plain(w, http.StatusBadRequest, "kitdebug: seconds="+printable(text)+": want more than 0, at most 300")
			return
		}
		d = time.Duration(seconds * float64(time.Second))
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := start(w); err != nil {
		plain(w, http.StatusConflict, "kitdebug: "+err.Error()+"; try again when the other one has ended")
		return
	}
	defer stop()
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}
