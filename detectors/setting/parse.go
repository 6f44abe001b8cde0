package setting

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Parse reads settings written as JSON, as they stand in the configuration: what is left out is as by default, but for the clock, which is given and cannot
// be another. The error names what is wrong.
func Parse(text []byte, clock Clock) (Settings, error) {
	s := Default()
	s.Clock = clock
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	switch err := d.Decode(&s); {
	case err != nil:
		return Settings{}, fmt.Errorf("settings: %w", err)
	case s.Clock != clock:
		return Settings{}, fmt.Errorf("settings.clock: %q: a lane keeps the clock it began with, %q: leave it out", s.Clock, clock)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Settings{}, errors.New("settings: something stands behind the object")
	}
	return s, nil
}
