package dev

import (
	"bufio"
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
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second) // one that is gone refuses at once
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

// tell has the session carry out a verb, and returns what it says. The error is
// in it as well.
func (n *Note) tell(ctx context.Context, verb string, args []string) (answer, error) {
	a := answer{Verb: verb}
	err := n.ask(ctx, &a, args)
	if err == nil {
		return a, a.err()
	}
	a.Error = err.Error()
	return a, err
}

// ask has the session fill in what carrying out a's verb did.
func (n *Note) ask(ctx context.Context, a *answer, args []string) error {
	body, err := json.Marshal(append([]string{}, args...))
	if err != nil {
		return err
	}
	resp, err := n.send(ctx, http.MethodPost, "/verbs/"+a.Verb, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	// down: it may have ended before its answer was out
	if err := json.NewDecoder(resp.Body).Decode(a); err != nil && a.Verb != "down" {
		return fmt.Errorf("read the session's answer: %w", err)
	}
	return nil
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

// logs calls line with what a replica logged.
func (n *Note) logs(ctx context.Context, name string, follow bool, line func(string) error) error {
	path := "/logs/" + url.PathEscape(name)
	if follow {
		path += "?follow"
	}
	resp, err := n.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 5*longest) // a byte that is escaped is four
	for lines.Scan() {
		if err := line(lines.Text()); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return nil // whoever follows stops when they have seen enough
	}
	return lines.Err()
}
