package config

import (
	"testing"

	"github.com/goccy/go-yaml"
)

// A configuration that is written out and read again gives the same settings: their hash stands in every journal entry.
func TestSettingsKeepTheirHash(t *testing.T) {
	want := Default()
	text, err := yaml.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if got.Settings.Hash() != want.Settings.Hash() {
		t.Errorf("%+v has another hash than %+v", got.Settings, want.Settings)
	}
}
