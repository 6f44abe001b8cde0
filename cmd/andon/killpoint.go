//go:build chaos

package main

import (
	"andon/internal/killpoint"
	"andon/pipeline/wire"
)

func init() { wire.Tap = killpoint.Tap() } // only andon-bench chaos builds and runs such an andon
