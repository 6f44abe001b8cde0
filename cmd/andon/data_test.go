package main

import (
	"cmp"
	"os"
	"path/filepath"
	"testing"

	"andon/cmd/andon/config"
	"andon/replay/datasets"
)

// dataDir is the folder of a public data set: below ANDON_DATA, else beside the checkout. Without it the test is skipped, and counted as such.
func dataDir(t *testing.T, set string) string {
	t.Helper()
	dir := filepath.Join(cmp.Or(os.Getenv("ANDON_DATA"), "../../../shared/data"), set)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no data set %s: %v (set ANDON_DATA)", set, err)
	}
	return dir
}

// importConfig is the shipped configuration for a set.
func importConfig(set string) string { return filepath.Join("../../deploy/import", set+".yaml") }

func TestImportConfigsLoad(t *testing.T) {
	for _, set := range datasets.Names() {
		if _, err := config.Read(importConfig(set)); err != nil {
			t.Error(err)
		}
	}
}

func TestDataImportConfigsHaveTheSettingsOfTheirSet(t *testing.T) {
	for _, name := range datasets.Names() {
		t.Run(name, func(t *testing.T) {
			set, err := datasets.Open(name, dataDir(t, name))
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Read(importConfig(name))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := cfg.Settings, set.Settings; got.Hash() != want.Hash() {
				t.Errorf("%s judges by\n%+v\nthe set calls for\n%+v", importConfig(name), got, want)
			}
		})
	}
}
