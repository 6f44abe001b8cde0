package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

type verdict string

const (
	isCaught verdict = "caught"
	survived verdict = "SURVIVED"
	broken   verdict = "BROKEN"
)

// testMinutes bounds one test.
const testMinutes = "5m"

// try runs the fault's test with the fault planted. sound is what came of the test without it.
func (f *fault) try(root string, sound error) (verdict, error) {
	texts, err := f.mutated(root)
	if err != nil {
		return broken, err
	}
	if sound != nil {
		return broken, fmt.Errorf("without the fault: %w", sound)
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return broken, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left of it is the system's to clear
	overlay, err := lay(root, dir, texts)
	if err != nil {
		return broken, err
	}
	switch err := f.run(root, overlay); {
	case err == nil:
		return survived, nil
	case errors.Is(err, errFails):
		return isCaught, nil
	default:
		return broken, err
	}
}

// lay writes changed files into a folder and what go test wants to know of them beside: its path is returned.
func lay(root, dir string, texts map[string]string) (string, error) {
	replace := map[string]string{}
	for file, text := range texts {
		is, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(file)))
		if err != nil {
			return "", err
		}
		stands := filepath.Join(dir, fmt.Sprintf("%d-%s", len(replace), filepath.Base(file)))
		if err := os.WriteFile(stands, []byte(text), 0o644); err != nil {
			return "", err
		}
		replace[is] = stands
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, b, 0o644)
}

// passes runs the fault's test without the fault.
func (f *fault) passes(root string) error { return f.run(root, "") }

var errFails = errors.New("the test fails")

// run runs the fault's test with an overlay, or none: nil when it passes, errFails when it fails, another error when nothing can be said.
func (f *fault) run(root, overlay string) error {
	tests, err := f.tests(root)
	if err != nil {
		return err
	}
	pattern := "^" + strings.ReplaceAll(f.testName(), "/", "$/^") + "$"
	args := []string{"test", "-json", "-count=1", "-vet=off", "-timeout", testMinutes, "-run", pattern, f.pkg()}
	args = append(args, strings.Fields(f.test)[2:]...)
	if strings.Contains(tests, `"pgregory.net/rapid"`) { // neither look for the smallest example nor keep it
		args = append(args, "-rapid.nofailfile", "-rapid.shrinktime=0s")
	}
	if overlay != "" {
		args = slices.Insert(args, 1, "-overlay="+overlay)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "ANDON_OVERLAY="+overlay) // tests that read the sources themselves go by it
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("run go test: %w", err)
	}
	return judge(f.testName(), out, said.String())
}

// judge reads what go test -json wrote.
func judge(test string, out []byte, said string) error {
	began, ended, text := false, "", said
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Buffer(nil, 16<<20); lines.Scan(); {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			text += lines.Text() + "\n"
			continue
		}
		began = began || e.Test == test
		if text += e.Output; e.Test == test && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
			ended = e.Action
		}
	}
	timedOut := strings.Contains(text, "panic: test timed out")
	switch {
	case ended == "pass":
		return nil
	case timedOut:
	case ended == "fail" || began && ended == "" && strings.Contains(text, "panic: "): // in another goroutine: the process ends without a word on the test
		return errFails
	}
	tail := strings.Split(strings.TrimSpace(text), "\n")
	return fmt.Errorf("the test does not say (%q, timed out: %t):\n%s", ended, timedOut, strings.Join(tail[max(0, len(tail)-15):], "\n"))
}
