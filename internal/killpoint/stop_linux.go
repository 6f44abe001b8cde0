package killpoint

import (
	"os"
	"runtime"
	"syscall"
)

// stop stops this process. The signal goes to this very thread, which does nothing more until the process is woken; one to the process would reach
// another thread, and this one would go on for a while.
func stop() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	return syscall.Tgkill(os.Getpid(), syscall.Gettid(), syscall.SIGSTOP)
}
