package parquet_test

import (
	"bytes"
	"reflect"
	"testing"

	"andon/replay/parquet"
	"andon/schemas/event"
)

func TestWhatIsWrittenIsRead(t *testing.T) {
	all := []bool{true, true, true}
	table := &parquet.Table{Notes: map[string]string{"andon": `{"set":"carrier/1"}`}, Columns: []parquet.Column{
		{Name: "id", Values: []string{"a", "", "c"}},
		{Name: "n", Values: []int64{-1, 0, 1 << 60}, Valid: all},
		{Name: "x", Values: []float64{0, 0.25, -1e300}, Valid: []bool{false, true, true}},
		{Name: "label", Values: []bool{true, false, false}, Valid: []bool{true, true, false}},
		{Name: "at", Values: []event.Micros{event.MinTime, 0, event.MinTime + 1}, Valid: []bool{true, false, true}},
	}}
	var first, second bytes.Buffer
	for _, to := range []*bytes.Buffer{&first, &second} {
		if err := parquet.Write(to, table); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("the same table gives other bytes")
	}
	got, err := parquet.Read(first.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if note := got.Notes["andon"]; note != table.Notes["andon"] {
		t.Errorf("the note is %q", note)
	}
	for i, want := range table.Columns {
		if !reflect.DeepEqual(got.Columns[i], want) {
			t.Errorf("got %+v, want %+v", got.Columns[i], want)
		}
	}
}

func TestWhatIsNoTableIsRefused(t *testing.T) {
	if err := parquet.Write(new(bytes.Buffer), &parquet.Table{Columns: []parquet.Column{{Name: "x", Values: []int{1}}}}); err == nil {
		t.Error("a column of a type it does not know is written")
	}
	if _, err := parquet.Read([]byte("PAR1 this is none PAR1")); err == nil {
		t.Error("a file that is none is read")
	}
}
