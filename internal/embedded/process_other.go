//go:build !linux

package embedded

import "syscall"

// childAttributes: no other system we build for has a parent death signal.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
