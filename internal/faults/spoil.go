package main

import (
	"encoding/json"
	"time"
)

// damaged is a snapshot of which a byte has changed.
func damaged(text []byte) ([]byte, error) {
	text[len(text)/2] ^= 1
	return text, nil
}

// aged is a snapshot that is a day and an hour old.
func aged(text []byte) ([]byte, error) {
	var whole map[string]json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, err
	}
	at, err := json.Marshal(time.Now().Add(-25 * time.Hour))
	if err != nil {
		return nil, err
	}
	whole["saved_at"] = at
	return json.Marshal(whole)
}
