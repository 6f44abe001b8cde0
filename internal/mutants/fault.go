package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// fault is one planted fault.
type fault struct {
	name  string // of its file: folder/name
	about string // why it matters
	test  string // the package, the test, and flags
	hunks []hunk

	verdict verdict
	why     error // it is not caught, when that is not all
}

// hunk is one change of a file.
type hunk struct{ file, before, after string }

// read reads the faults below a folder of the module at root that have part in their name.
func read(root, folder, part string) (all []*fault, err error) {
	base := filepath.Join(root, filepath.FromSlash(folder))
	return all, filepath.WalkDir(base, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".diff" {
			return err
		}
		rel, err := filepath.Rel(base, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		f, err := parse(strings.TrimSuffix(filepath.ToSlash(rel), ".diff"), string(text))
		if err == nil && strings.Contains(f.name, part) {
			all = append(all, f)
		}
		return err
	})
}

// parse reads a fault; usage says what it looks like.
func parse(name, text string) (*fault, error) {
	f := &fault{name: name}
	file := ""
	for n, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		var h *hunk
		if len(f.hunks) > 0 {
			h = &f.hunks[len(f.hunks)-1]
		}
		after, marked := strings.CutPrefix(line, "--- ")
		switch {
		case marked:
			file = after
		case line == "@@" && file != "":
			f.hunks = append(f.hunks, hunk{file: file})
		case file == "" && strings.HasPrefix(line, "test: "):
			f.test = strings.TrimPrefix(line, "test: ")
		case file == "":
			f.about = strings.TrimSpace(f.about + " " + line)
		case h == nil:
			return nil, fmt.Errorf("%s: line %d: after --- comes @@", name, n+1)
		case line == "":
			h.before, h.after = h.before+"\n", h.after+"\n"
		case line[0] == ' ':
			h.before, h.after = h.before+line[1:]+"\n", h.after+line[1:]+"\n"
		case line[0] == '-':
			h.before += line[1:] + "\n"
		case line[0] == '+':
			h.after += line[1:] + "\n"
		default:
			return nil, fmt.Errorf("%s: line %d is of no kind: it begins with a space, - or +", name, n+1)
		}
	}
	if f.about == "" || len(strings.Fields(f.test)) < 2 || len(f.hunks) == 0 {
		return nil, fmt.Errorf("%s: a fault has a reason, a test and a change", name)
	}
	return f, nil
}

// mutated are the texts of the changed files of the module at root, by their path in it. An error means that the fault no longer applies.
func (f *fault) mutated(root string) (map[string]string, error) {
	texts := map[string]string{}
	for _, h := range f.hunks {
		text, known := texts[h.file]
		if !known {
			b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(h.file)))
			if err != nil {
				return nil, fmt.Errorf("it no longer applies: %w", err)
			}
			text = string(b)
		}
		// The lines must be whole ones.
		if n := strings.Count("\n"+text, "\n"+h.before); n != 1 || h.before == h.after {
			return nil, fmt.Errorf("it no longer applies: its lines stand %d times in %s: amend %s.diff\n%s", n, h.file, f.name, strings.TrimSuffix(h.before, "\n"))
		}
		texts[h.file] = strings.Replace("\n"+text, "\n"+h.before, "\n"+h.after, 1)[1:]
	}
	return texts, nil
}

func (f *fault) pkg() string      { return strings.Fields(f.test)[0] }
func (f *fault) testName() string { return strings.Fields(f.test)[1] }

// tests is the text of the tests of its package.
func (f *fault) tests(root string) (text string, err error) {
	files, _ := filepath.Glob(filepath.Join(root, filepath.FromSlash(f.pkg()), "*_test.go")) // the pattern is well-formed
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		text += string(b)
	}
	if name, _, _ := strings.Cut(f.testName(), "/"); !strings.Contains(text, "\nfunc "+name+"(") {
		return "", errors.New("there is no " + name + " in " + f.pkg())
	}
	return text, nil
}
