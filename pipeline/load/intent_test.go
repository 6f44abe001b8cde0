package load

import (
	"testing"

	"andon/pipeline"
)

func TestIntent(t *testing.T) {
	i := intent{from: 4711, to: 9000, digest: 0xc0ffee, generation: 1795302000000000}
	if got, want := i.String(), "4711-9000:0000000000c0ffee:1795302000000000"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	if got, err := parseIntent(i.String()); err != nil || got != i {
		t.Errorf("parseIntent(%q) = %+v, %v", i, got, err)
	}
	if got, want := i.token(Partition{"andon.exceptions", 3}), "andon.exceptions/3/4711-9000/1795302000000000"; got != want {
		t.Errorf("token = %q, want %q", got, want)
	}
}

func TestDigestSeesEveryPart(t *testing.T) {
	base := pipeline.Record{Offset: 1, At: 2, Key: []byte("k"), Value: []byte("v")}
	same := func(change func(*pipeline.Record)) bool {
		r := base
		change(&r)
		return digest([]pipeline.Record{r}) == digest([]pipeline.Record{base})
	}
	for name, change := range map[string]func(*pipeline.Record){
		"offset": func(r *pipeline.Record) { r.Offset = 9 },
		"time":   func(r *pipeline.Record) { r.At = 9 },
		"key":    func(r *pipeline.Record) { r.Key = []byte("x") },
		"value":  func(r *pipeline.Record) { r.Value = []byte("x") },
		"border": func(r *pipeline.Record) { r.Key, r.Value = []byte("kv"), []byte{} },
		"nil":    func(r *pipeline.Record) { r.Value = nil },
	} {
		if same(change) {
			t.Errorf("a changed %s has the same digest", name)
		}
	}
	empty := base
	empty.Value = []byte{}
	none := base
	none.Value = nil
	if digest([]pipeline.Record{empty}) == digest([]pipeline.Record{none}) {
		t.Error("a tombstone has the digest of an empty value")
	}
}

func FuzzParseIntent(f *testing.F) {
	for _, s := range []string{"", "0-1:0000000000000000:0", "4711-9000:0000000000c0ffee:1795302000000000", "5-5:0000000000000000:0", "-1-3:0:0", "a:b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		i, err := parseIntent(s)
		if err != nil {
			return
		}
		if i.String() != s {
			t.Errorf("%q reads as %q", s, i)
		}
		if i.from < 0 || i.to <= i.from {
			t.Errorf("%q is no range", s)
		}
	})
}
