package figure

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// Machine is where it was measured.
type Machine struct {
	Cores       int    `json:"cores"`
	Model       string `json:"model"`
	MemoryBytes int64  `json:"memory_bytes"`
	Kernel      string `json:"kernel"`
	Go          string `json:"go"`
}

// String is the machine in words.
func (m Machine) String() string {
	return fmt.Sprintf("%d cores of %s, %.0f GiB, Linux %s, %s", m.Cores, m.Model, float64(m.MemoryBytes)/(1<<30), m.Kernel, m.Go)
}

// thisMachine reads what Linux tells; elsewhere the model, memory and kernel stay unknown.
func thisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), Model: "unknown", Kernel: "unknown", Go: runtime.Version()}
	if v := told("/proc/cpuinfo", "model name"); v != "" {
		m.Model = v
	}
	if kb, err := strconv.ParseInt(strings.TrimSuffix(told("/proc/meminfo", "MemTotal"), " kB"), 10, 64); err == nil {
		m.MemoryBytes = kb << 10
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.Kernel = strings.TrimSpace(string(text))
	}
	return m
}

// told is the first value of a name in a file of "name: value" lines; empty when there is none.
func told(file, name string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// revision is the commit that stands checked out, and whether code differs from it; "unknown" outside a checkout. Docs do not count: what is
// measured does not depend on them, and each figure changes them.
func revision() (commit string, dirty bool) {
	out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown", true
	}
	changed, err := exec.Command("git", "status", "--porcelain", "--", ":/", ":(exclude,top)docs").Output()
	return strings.TrimSpace(string(out)), err != nil || len(changed) > 0
}
