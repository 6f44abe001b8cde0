package examples

import (
	"fmt"
	"io"
	"iter"

	"andon/schemas/decision"
	"andon/schemas/verdict"
)

// Read decodes values of andon.verdicts and of andon.decisions; an error among either ends it.
func Read(verdicts, decisions iter.Seq2[[]byte, error]) (*Past, error) {
	var p Past
	var err error
	if p.Verdicts, err = decoded(verdicts, verdict.Decode); err != nil {
		return nil, fmt.Errorf("verdicts: %w", err)
	}
	if p.Decisions, err = decoded(decisions, decision.Decode); err != nil {
		return nil, fmt.Errorf("decisions: %w", err)
	}
	return &p, nil
}

// decoded decodes values, whose memory the records keep.
func decoded[T any](from iter.Seq2[[]byte, error], decode func([]byte, *T) error) (list []T, err error) {
	for value, err := range from {
		if err != nil {
			return nil, err
		}
		var x T
		if err := decode(value, &x); err != nil {
			return nil, fmt.Errorf("record %d: %w", len(list)+1, err)
		}
		list = append(list, x)
	}
	return list, nil
}

// Write writes what Read reads, a record a line.
func (p *Past) Write(verdicts, decisions io.Writer) error {
	var line []byte
	for i := range p.Verdicts {
		line = append(verdict.Append(line[:0], &p.Verdicts[i]), '\n')
		if _, err := verdicts.Write(line); err != nil {
			return fmt.Errorf("write verdicts: %w", err)
		}
	}
	for i := range p.Decisions {
		line = append(decision.Append(line[:0], &p.Decisions[i]), '\n')
		if _, err := decisions.Write(line); err != nil {
			return fmt.Errorf("write decisions: %w", err)
		}
	}
	return nil
}
