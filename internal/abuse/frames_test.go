package abuse

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"testing"
	"time"
)

// Types and flags of HTTP/2's frames: RFC 9113, section 6.
const (
	frameHeaders, frameReset, frameSettings, frameGoAway, frameContinuation = 1, 3, 4, 7, 9
	endStream, endHeaders                                                   = 1, 4
)

func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:]
	b = append(b, kind, flags)
	b = binary.BigEndian.AppendUint32(b, stream)
	return append(b, payload...)
}

// request is the header of GET https://a/, by HPACK's static table.
var request = []byte{0x82, 0x87, 0x84, 0x41, 1, 'a'}

// flood sends what next gives over a connection of HTTP/2 until the server ends
// it, or much was sent. It returns how many frames that was.
func flood(t *testing.T, addr string, cfg *tls.Config, most int, next func(i int) []byte) (sent int, goAway, ended bool) {
	t.Helper()
	cfg = cfg.Clone()
	cfg.NextProtos = []string{"h2"}
	c := dial(t, addr, cfg)
	read := make(chan []byte, 1)
	go func() {
		all, _ := io.ReadAll(io.LimitReader(c, 64<<20))
		read <- all
	}()
	_, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	if err == nil {
		_, err = c.Write(frame(frameSettings, 0, 0, nil))
	}
	for ; sent < most && err == nil; sent++ {
		_, err = c.Write(next(sent))
	}
	ended = err != nil
	_ = c.CloseWrite() // the server sees the end, and ends what it has to say
	all := <-read
	_ = c.Close()
	return sent, saw(all, frameGoAway), ended
}

// saw reports whether frames have one of a kind.
func saw(frames []byte, kind byte) bool {
	for len(frames) >= 9 {
		length := int(frames[0])<<16 | int(frames[1])<<8 | int(frames[2])
		if frames[3] == kind {
			return true
		}
		frames = frames[min(len(frames), 9+length):]
	}
	return false
}

// TestFloodsOfFrames are attacks on HTTP/2 itself, which the libraries answer:
// rapid reset (CVE-2023-44487) and headers without end (CVE-2023-45288).
func TestFloodsOfFrames(t *testing.T) {
	t.Parallel()
	s := start(t, newTrust(t), "addsvc", options{})
	calling(t, s)
	cfg := s.trust.client(t, s.trust.issue(t, "caller", time.Hour)).TLS()
	for wire, addr := range map[string]string{"HTTP": s.http, "gRPC": s.grpc} {
		sent, goAway, ended := flood(t, addr, cfg, 20_000, func(i int) []byte {
			stream := uint32(2*i + 1)
			return append(frame(frameHeaders, endStream|endHeaders, stream, request), frame(frameReset, 0, stream, []byte{0, 0, 0, 8})...)
		})
		t.Logf("rapid reset, %s: %d requests; GOAWAY %t, ended %t", wire, sent, goAway, ended)
		padding := append([]byte{0, 1, 'x', 127, 0x81, 0x7d}, bytes.Repeat([]byte("x"), 16_000)...)
		sent, goAway, ended = flood(t, addr, cfg, 5_000, func(i int) []byte {
			if i == 0 {
				return frame(frameHeaders, endStream, 1, request)
			}
			return frame(frameContinuation, 0, 1, padding)
		})
		t.Logf("headers without end, %s: %d frames; GOAWAY %t, ended %t", wire, sent, goAway, ended)
		if !ended && !goAway {
			t.Errorf("headers without end, %s: it was let go on", wire)
		}
	}
	documented(t, "rapid reset of HTTP/2 streams", "", "")
	documented(t, "HTTP/2 headers without end", "GOAWAY", "")
}
