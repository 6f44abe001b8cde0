package train_test

import (
	"bytes"
	"testing"

	"andon/replay/examples"
	"andon/replay/parquet"
	"andon/replay/simulate"
	"andon/replay/train"
	"andon/schemas/event"
)

// From a simulated day to a bundle without Python: table, file, rows, model. The same rows give the same bundle, and it knows more than chance.
func TestBundleOfASimulatedDay(t *testing.T) {
	past := &examples.Past{}
	for seed := range uint64(3) {
		day, err := examples.Simulated(t.Context(), simulate.Config{Seed: seed + 1, Orders: 400, Start: event.MinTime + event.Micros(36*365+7*seed)*event.Day}, "CA-05")
		if err != nil {
			t.Fatal(err)
		}
		past.Verdicts, past.Decisions = append(past.Verdicts, day.Verdicts...), append(past.Decisions, day.Decisions...)
	}
	rows, err := past.Join("CA-05", 0)
	if err != nil {
		t.Fatal(err)
	}
	var packed [2]bytes.Buffer
	for i := range packed {
		var file bytes.Buffer
		if err := parquet.Write(&file, rows.Table()); err != nil {
			t.Fatal(err)
		}
		table, err := parquet.Read(file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		learned, err := examples.Of(table)
		if err != nil {
			t.Fatal(err)
		}
		b, err := train.Bundle(learned, train.About{Name: "plain", Version: 1, Author: "a maker", Source: "three simulated days", Label: "it is late"})
		if err != nil {
			t.Fatal(err)
		}
		model, err := b.Parse()
		if err == nil {
			_, err = b.Activate(model)
		}
		if err == nil {
			err = b.Write(&packed[i])
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range b.Manifest.Metrics {
			t.Logf("%s %.3f (%.3f to %.3f) on %s", m.Name, m.Value, m.Low, m.High, m.On)
			if m.Name == "roc_auc_model" && m.Low < 0.55 {
				t.Errorf("%s is %.3f (from %.3f): hardly more than chance", m.Name, m.Value, m.Low)
			}
		}
	}
	if !bytes.Equal(packed[0].Bytes(), packed[1].Bytes()) {
		t.Error("the same rows give another bundle")
	}
}
