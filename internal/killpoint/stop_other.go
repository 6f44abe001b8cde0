//go:build !linux

package killpoint

import "errors"

// stop fails: only Linux stops a process at an exact point.
func stop() error { return errors.ErrUnsupported }
