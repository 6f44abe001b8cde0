package main

import (
	"context"
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"andon/cmd/andon/config"
)

const deployDir = "../../deploy"

func readDeploy(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deployDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Every YAML file under deploy but the compose file is a configuration, and loads.
func TestExampleConfigsLoad(t *testing.T) {
	var loaded []string
	err := filepath.WalkDir(deployDir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" || d.Name() == "compose.yaml" {
			return err
		}
		if _, err := config.Read(path); err != nil {
			t.Error(err)
		}
		loaded = append(loaded, d.Name())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"andon.example.yaml", "andon.compose.yaml", "ndjson.yaml", "olist.yaml"} {
		if !slices.Contains(loaded, name) {
			t.Errorf("%s is not among %v", name, loaded)
		}
	}
}

// accepted checks that the program takes a command line; nothing is run.
func accepted(t *testing.T, args []string) {
	t.Helper()
	if _, err := commandLine(context.Background()).Parse(args); err != nil {
		t.Errorf("andon %s: %v", strings.Join(args, " "), err)
	}
}

// unitDirectives are those the unit may use: of [Unit], [Service] and [Install] in systemd 247 and later.
var unitDirectives = strings.Fields(`Description Wants After StartLimitIntervalSec Type ExecStart EnvironmentFile Restart RestartSec RestartPreventExitStatus
	TimeoutStopSec DynamicUser UMask ProtectSystem ProtectHome PrivateTmp PrivateDevices ProtectClock ProtectControlGroups ProtectHostname ProtectKernelLogs
	ProtectKernelModules ProtectKernelTunables ProtectProc NoNewPrivileges CapabilityBoundingSet RestrictAddressFamilies RestrictNamespaces RestrictRealtime
	RestrictSUIDSGID LockPersonality MemoryDenyWriteExecute SystemCallArchitectures SystemCallFilter SystemCallErrorNumber LimitNOFILE WantedBy`)

func TestSystemdUnit(t *testing.T) {
	unit := readDeploy(t, "systemd/andon.service")
	values := map[string]string{}
	for line := range strings.Lines(unit) {
		line = strings.TrimSpace(line)
		name, value, isDirective := strings.Cut(line, "=")
		switch {
		case line == "" || line[0] == '#' || line[0] == '[':
		case !isDirective || !slices.Contains(unitDirectives, name):
			t.Errorf("no directive of systemd: %s", line)
		default:
			values[name] = value
		}
	}
	start := strings.Fields(values["ExecStart"])
	if len(start) < 2 || start[0] != "/usr/local/bin/andon" {
		t.Fatalf("ExecStart=%s", values["ExecStart"])
	}
	accepted(t, start[1:])
	if values["RestartPreventExitStatus"] != strconv.Itoa(exitUsage) {
		t.Errorf("RestartPreventExitStatus=%s, a wrong configuration ends with %d", values["RestartPreventExitStatus"], exitUsage)
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("the unit was read and not verified: there is no systemd-analyze")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// verify looks for the program, which is not installed here
	path := blockFile(t, "andon.service", strings.Replace(unit, "ExecStart=/usr/local/bin/andon ", "ExecStart="+program+" ", 1))
	if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", path).CombinedOutput(); err != nil || strings.Contains(string(out), path) {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// instruction is one line of a Dockerfile.
var instruction = regexp.MustCompile(`(?m)^([A-Z]+) (.*)$`)

// What the Dockerfile copies is there, is all the build needs, and its build line is that of make build and gives a static program.
func TestDockerfile(t *testing.T) {
	made, err := exec.CommandContext(t.Context(), "make", "-C", "../..", "-n", "--no-print-directory", "build", "VERSION=v0-test").Output()
	if err != nil {
		t.Fatal(err)
	}
	src, stage, built, entry := t.TempDir(), 0, "", ""
	for _, m := range instruction.FindAllStringSubmatch(readDeploy(t, "Dockerfile"), -1) {
		args := strings.Fields(m[2])
		switch m[1] {
		case "FROM":
			stage++
		case "COPY":
			if stage == 1 {
				copyAll(t, args[:len(args)-1], filepath.Join(src, args[len(args)-1]))
			} else if args[0] != "--from=build" || args[1] != "/src/bin/andon" {
				t.Errorf("COPY %s", m[2])
			}
		case "RUN":
			if strings.Contains(m[2], "go build") {
				built = m[2]
			}
		case "USER":
			if args[0] != "nonroot:nonroot" {
				t.Errorf("USER %s", args[0])
			}
		case "CMD":
			entry = m[2]
		}
	}
	if line := strings.NewReplacer(`"`, `'`, "${VERSION}", "v0-test").Replace(built); line != strings.TrimSpace(string(made)) {
		t.Errorf("the Dockerfile builds by\n%s\nmake by\n%s", line, made)
	}
	accepted(t, strings.FieldsFunc(entry, func(r rune) bool { return strings.ContainsRune(`[]", `, r) }))
	build := exec.CommandContext(t.Context(), "sh", "-c", built)
	build.Dir, build.Env = src, append(os.Environ(), "VERSION=v0-test")
	works(t, build)
	static(t, filepath.Join(src, "bin/andon"))
	if out, err := exec.CommandContext(t.Context(), filepath.Join(src, "bin/andon"), "version").Output(); err != nil || !strings.Contains(string(out), "v0-test") {
		t.Errorf("andon version: %v\n%s", err, out)
	}
}

// copyAll does what COPY does with sources of the repository: folders into a folder, files into a folder that ends in a slash.
func copyAll(t *testing.T, sources []string, to string) {
	t.Helper()
	for _, source := range sources {
		from := filepath.Join("../..", source)
		info, err := os.Stat(from)
		switch {
		case err != nil:
			t.Fatal(err)
		case info.IsDir():
			err = os.CopyFS(to, os.DirFS(from))
		default:
			var text []byte
			if text, err = os.ReadFile(from); err == nil {
				err = os.WriteFile(filepath.Join(to, filepath.Base(source)), text, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// static checks that a program needs no library and no loader.
func static(t *testing.T, path string) {
	t.Helper()
	program, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	for _, p := range program.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a segment %s", p.Type)
		}
	}
	if libraries, err := program.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("the program needs %v (%v)", libraries, err)
	}
}
