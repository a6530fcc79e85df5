package main

import (
	"io"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/kitgen/kitgen/sd"
	"github.com/kitgen/kitgen/transport"
	"github.com/kitgen/kitgen/transport/kithttp"
)

// newRouter is the service, which knows nothing of kitgen.
func newRouter() http.Handler {
	r := gin.New()
	r.Use(gin.Recovery())
	r.GET("/users/:id", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"id": c.Param("id")}) })
	r.GET("/clock", func(c *gin.Context) { // a stream: it goes on until its client has left, or the server stops
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		c.Stream(func(w io.Writer) bool {
			select {
			case now := <-tick.C:
				_, err := io.WriteString(w, now.Format(time.StampMilli)+"\n")
				return err == nil
			case <-c.Request.Context().Done():
				return false
			}
		})
	})
	return r
}

// config has any http.Handler found, measured and stopped in order.
func config(l net.Listener, holder sd.Holder, h http.Handler, limits kithttp.Config) transport.Config {
	self := sd.Instance{ID: sd.NewID("users"), Addr: l.Addr().String()}
	return transport.Config{
		Servers:   []transport.Server{kithttp.Server(l, kithttp.Load(h, nil), limits)},
		Registrar: sd.NewRegistrar(holder, self, sd.RegistrarConfig{}),
	}
}
