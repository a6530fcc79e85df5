package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/kitgen/kitgen/cmd/kitgen/internal/project"
)

// Alive says whether the session of the note answers.
func (n *Note) Alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	resp, err := n.send(ctx, http.MethodGet, "/alive", nil)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return true
}

// send makes a request to the session.
func (n *Note) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+n.Addr+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+n.Token)
	c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // one request, and no proxy
	resp, err := c.Do(req)
	if err != nil {
		return nil, project.Refusal(fmt.Sprintf("the session with pid %d has ended; start one: kitgen dev", n.PID))
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return nil, errors.Join(project.Refusal(strings.TrimSpace(string(text))), err)
	}
	return resp, nil
}

// tell has the session carry out a verb, and returns what it says.
func (n *Note) tell(ctx context.Context, verb string, args []string) ([]string, error) {
	body, err := json.Marshal(append([]string{}, args...))
	if err != nil {
		return nil, err
	}
	resp, err := n.send(ctx, http.MethodPost, "/verbs/"+verb, body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var a answer
	switch err := json.NewDecoder(resp.Body).Decode(&a); {
	case err != nil && verb == "down":
		return a.Lines, nil // it has ended before its answer was out
	case err != nil:
		return nil, fmt.Errorf("read the session's answer: %w", err)
	case a.Refused:
		return a.Lines, project.Refusal(a.Error)
	case a.Error != "":
		return a.Lines, errors.New(a.Error)
	}
	return a.Lines, nil
}

// units is what the session runs.
func (n *Note) units(ctx context.Context) (rows []row, err error) {
	resp, err := n.send(ctx, http.MethodGet, "/units", nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return rows, json.NewDecoder(resp.Body).Decode(&rows)
}

// Names are what the session calls its replicas, by each of their addresses; none
// if it does not answer.
func (n *Note) Names(ctx context.Context) map[string]string {
	names := map[string]string{}
	rows, err := n.units(ctx)
	if err != nil {
		return names
	}
	for _, r := range rows {
		for _, addr := range r.Addrs {
			names[addr] = r.Name
		}
	}
	return names
}

// logs copies what a replica logged to w.
func (n *Note) logs(ctx context.Context, w io.Writer, name string, follow bool) error {
	path := "/logs/" + url.PathEscape(name)
	if follow {
		path += "?follow"
	}
	resp, err := n.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(w, resp.Body)
	if ctx.Err() != nil {
		return nil // whoever follows stops when they have seen enough
	}
	return err
}
