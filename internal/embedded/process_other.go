//go:build unix && !linux

package embedded

import "syscall"

// childAttributes: the other systems have no parent death signal.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
