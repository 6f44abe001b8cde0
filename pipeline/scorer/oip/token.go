package oip

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"andon/pipeline/wire"
)

// token is the bearer token of a file. Many goroutines use it at once.
type token struct {
	file    string // empty: there is none
	section string
	header  atomic.Pointer[wire.Secret]
}

// read takes the token from its file. An error leaves the one there was.
func (t *token) read() error {
	if t.file == "" {
		return nil
	}
	text, err := os.ReadFile(t.file)
	if err != nil {
		return &wire.Error{Err: fmt.Errorf("%s.token_file: %w", t.section, err)}
	}
	value := strings.TrimSpace(string(text))
	if value == "" || strings.ContainsAny(value, " \t\r\n") {
		return &wire.Error{Err: fmt.Errorf("%s.token_file: %s must hold one token and nothing else", t.section, t.file)}
	}
	header := wire.Secret("Bearer " + value)
	t.header.Store(&header)
	return nil
}

// authorization is what we show; empty without a token.
func (t *token) authorization() string {
	if h := t.header.Load(); h != nil {
		return string(*h)
	}
	return ""
}

// refused reads the file again, for the next call, and says what to do.
func (t *token) refused(err error) error {
	if readErr := t.read(); readErr != nil {
		err = readErr
	} else if t.file == "" {
		err = fmt.Errorf("%s.token_file: the server asks who we are: name the file with a token it knows: %w", t.section, err)
	} else {
		err = fmt.Errorf("%s.token_file: the server refuses the token in %s: put one there that may use the model: %w", t.section, t.file, err)
	}
	return &wire.Error{Err: err}
}
