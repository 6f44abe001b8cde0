package main

import (
	"fmt"
	"strings"

	"andon/replay/datasets"
)

// dataset is a NAME=DIR argument: a public data set and the folder its files are in.
type dataset struct{ name, dir string }

// UnmarshalText reads NAME=DIR.
func (d *dataset) UnmarshalText(text []byte) error {
	name, dir, ok := strings.Cut(string(text), "=")
	if !ok || name == "" || dir == "" {
		return fmt.Errorf("%q is not NAME=DIR; NAME is one of %s", text, strings.Join(datasets.Names(), ", "))
	}
	d.name, d.dir = name, dir
	return nil
}
