package main

import (
	"fmt"
	"runtime"

	"andon/detectors/rule"
)

// versionCmd is `andon version`.
type versionCmd struct{}

// Run prints the build and the rules it judges by.
func (versionCmd) Run() error {
	fmt.Printf("andon %s, %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, r := range rule.All {
		fmt.Printf("  %s/%d  %s\n", r.Code, r.Version, r.Title)
	}
	return nil
}
