package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// usage is what processes have used up to an instant: seconds of CPU, of this one also those spent on collecting garbage.
type usage struct {
	at                   time.Time
	andon, broker, store float64
	gc                   float64
}

// clockTicks is how many units of CPU time /proc counts in a second; Linux fixed it at 100 for programs.
const clockTicks = 100

// used reads what this process and the given ones (0: none) have used so far.
func used(broker, store int) (u usage, err error) {
	var errs [3]error
	u.andon, errs[0] = cpuSeconds(os.Getpid())
	u.broker, errs[1] = cpuSeconds(broker)
	u.store, errs[2] = cpuSeconds(store)
	u.at = time.Now()
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}}
	metrics.Read(sample)
	u.gc = sample[0].Value.Float64()
	return u, errors.Join(errs[:]...)
}

// since is what was used between two instants, as values of a row: per event (or row) the CPU of each process, and how many cores were busy.
func (u usage) since(before usage, events float64, values map[string]float64) {
	took := u.at.Sub(before.at).Seconds()
	values["andon_cpu_us"] = 1e6 * (u.andon - before.andon) / events
	values["broker_cpu_us"] = 1e6 * (u.broker - before.broker) / events
	if u.store > 0 {
		values["clickhouse_cpu_us"] = 1e6 * (u.store - before.store) / events
	}
	values["busy_cores"] = (u.andon + u.broker + u.store - before.andon - before.broker - before.store) / took
	values["gc_percent"] = 100 * (u.gc - before.gc) / max(u.andon-before.andon, 0.01)
}

// cpuSeconds is what a process has used so far, its threads together, to a hundredth; 0 for process 0.
func cpuSeconds(pid int) (float64, error) {
	if pid == 0 {
		return 0, nil
	}
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	user, err := strconv.ParseFloat(fields[11], 64)
	system, err2 := strconv.ParseFloat(fields[12], 64)
	return (user + system) / clockTicks, errors.Join(err, err2)
}

// residentMB is the memory a process holds, in millions of bytes; 0 when it is gone.
func residentMB(pid int) float64 {
	fields, err := stat(pid)
	if err != nil {
		return 0
	}
	pages, err := strconv.ParseInt(fields[21], 10, 64)
	if err != nil {
		return 0
	}
	return float64(pages*int64(os.Getpagesize())) / 1e6
}

// stat reads /proc/PID/stat from its third field on: what stands before is the program's name, which may hold blanks.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, fmt.Errorf("what process %d uses is not known: %w", pid, err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 22 {
		return nil, fmt.Errorf("/proc/%d/stat is not as Linux writes it: %q", pid, text)
	}
	return fields, nil
}

// freeBytes is the room on the disk of a directory.
func freeBytes(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(s.Bavail) * s.Bsize, nil
}
