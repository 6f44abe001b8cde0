package replay_test

import (
	"bytes"
	"encoding/csv"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// copied is the files of a data set on their way to a copy, as rows of cells.
type copied struct {
	dir  string
	seed uint64
	*rand.Rand
	files map[string][][]string
}

// dice is a source of chance and the seed it follows from: a new one each time, or ANDON_SEED, to run a failed test again.
func dice(t *testing.T) (*rand.Rand, uint64) {
	t.Helper()
	seed := rand.Uint64()
	if s := os.Getenv("ANDON_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("ANDON_SEED: %v", err)
		}
	}
	return rand.New(rand.NewPCG(seed, 0)), seed
}

// copyOf reads the files.
func copyOf(t *testing.T, from string, files []string) *copied {
	c := &copied{dir: t.TempDir(), files: map[string][][]string{}}
	c.Rand, c.seed = dice(t)
	for _, f := range files {
		c.files[f] = cells(t, filepath.Join(from, f))
	}
	return c
}

// some calls change for n different data rows of a file.
func (c *copied) some(file string, n int, change func(row []string)) {
	rows := c.files[file]
	for _, i := range c.Perm(len(rows) - 1)[:n] {
		change(rows[i+1]) // the first may be a header
	}
}

func (c *copied) write(t *testing.T) {
	for name, rows := range c.files {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		if name[0] == 'P' {
			w.Comma = '\t'
		}
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.dir, name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// cells reads a file of the data sets: those whose name begins with P (Purchase...) are separated by tabs.
func cells(t *testing.T, path string) [][]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(b))
	if filepath.Base(path)[0] == 'P' {
		r.Comma = '\t'
	}
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// number reads a decimal exactly.
func number(t *testing.T, s string) *big.Rat {
	t.Helper()
	n, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return n
}

func add(sums map[string]*big.Rat, key string, n *big.Rat) {
	if sums[key] == nil {
		sums[key] = new(big.Rat)
	}
	sums[key].Add(sums[key], n)
}
