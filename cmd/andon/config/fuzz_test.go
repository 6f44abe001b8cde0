package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzParse: no file makes parse or Validate panic, and what is wrong is said in one line.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no fixtures:", err)
	}
	for _, file := range append(files, example) {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parse(text)
		if err == nil {
			err = c.Validate()
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Fatalf("said in more than one line:\n%v", err)
		}
	})
}
