package oip

import "google.golang.org/protobuf/encoding/protowire"

// The fields we write and read, by their numbers in the definition of package inference.
const (
	metadataName, metadataVersion = 1, 2 // ModelMetadataRequest

	descriptionName, descriptionVersions, descriptionInputs = 1, 2, 4 // ModelMetadataResponse

	inferModel, inferVersion, inferInputs, inferRaw = 1, 2, 5, 7 // ModelInferRequest

	answerModel, answerVersion, answerOutputs, answerRaw = 1, 2, 5, 6 // ModelInferResponse

	tensorName, tensorDatatype, tensorShape, tensorContents = 1, 2, 3, 5 // of any direction; no contents in a description

	contentsFP32, contentsFP64 = 6, 7 // InferTensorContents
)

func appendText(b []byte, field protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

// appendDescribe appends a ModelMetadataRequest.
func appendDescribe(b []byte, c *Config) []byte {
	return appendText(appendText(b, metadataName, c.Model), metadataVersion, c.Version)
}

// appendInfer appends a ModelInferRequest of n rows.
func appendInfer(b []byte, c *Config, in *tensor, rows []float64, n int) []byte {
	b = appendText(appendText(b, inferModel, c.Model), inferVersion, c.Version)

	t := appendText(appendText(nil, tensorName, in.Name), tensorDatatype, in.Datatype)
	shape := protowire.AppendVarint(protowire.AppendVarint(nil, uint64(n)), uint64(len(rows)/n))
	t = protowire.AppendBytes(protowire.AppendTag(t, tensorShape, protowire.BytesType), shape)
	b = protowire.AppendBytes(protowire.AppendTag(b, inferInputs, protowire.BytesType), t)

	b = protowire.AppendTag(b, inferRaw, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(len(rows)*width(in.Datatype)))
	return appendRows(b, in.Datatype, rows)
}

// field is one of a message that is bytes or a varint.
type field struct {
	number protowire.Number
	bytes  []byte // of a string, a message, or packed numbers: part of the message
	varint uint64 // otherwise
	packed bool   // it is bytes
}

// walk calls visit for each such field of a message, in order; others are passed over.
func walk(message []byte, visit func(field) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		f := field{number: number, packed: kind == protowire.BytesType}
		switch kind {
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			f.varint, n = protowire.ConsumeVarint(message)
		default:
			n = protowire.ConsumeFieldValue(number, kind, message)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if !f.packed && kind != protowire.VarintType {
			continue
		}
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// parseDescription reads a ModelMetadataResponse.
func parseDescription(message []byte) (description, error) {
	var d description
	err := walk(message, func(f field) error {
		switch f.number {
		case descriptionName:
			d.Name = string(f.bytes)
		case descriptionVersions:
			d.Versions = append(d.Versions, string(f.bytes))
		case descriptionInputs:
			t, err := parseTensor(f.bytes)
			d.Inputs = append(d.Inputs, t)
			return err
		default: // we do not ask for the rest
		}
		return nil
	})
	if err != nil {
		return d, badOutput("the description of the model: %w", err)
	}
	return d, nil
}

// parseAnswer reads a ModelInferResponse.
func parseAnswer(message []byte) (answer, error) {
	var a answer
	var raw [][]byte
	err := walk(message, func(f field) error {
		switch f.number {
		case answerModel:
			a.Model = string(f.bytes)
		case answerVersion:
			a.Version = string(f.bytes)
		case answerOutputs:
			t, err := parseTensor(f.bytes)
			a.Outputs = append(a.Outputs, t)
			return err
		case answerRaw:
			raw = append(raw, f.bytes)
		default:
		}
		return nil
	})
	if err != nil {
		return a, badOutput("the answer: %w", err)
	}
	if len(raw) > 0 && len(raw) != len(a.Outputs) {
		return a, badOutput("the numbers of %d tensors for %d tensors", len(raw), len(a.Outputs))
	}
	for i := range raw {
		a.Outputs[i].raw = raw[i]
	}
	return a, nil
}

// parseTensor reads any of the three tensors of the protocol. Numbers that are within it and not apart are packed, which is how they travel apart.
func parseTensor(message []byte) (tensor, error) {
	var t tensor
	err := walk(message, func(f field) error {
		switch f.number {
		case tensorName:
			t.Name = string(f.bytes)
		case tensorDatatype:
			t.Datatype = string(f.bytes)
		case tensorShape:
			return t.appendShape(f)
		case tensorContents:
			return walk(f.bytes, func(f field) error {
				if f.number == contentsFP32 || f.number == contentsFP64 {
					t.raw = f.bytes
				}
				return nil
			})
		default:
		}
		return nil
	})
	return t, err
}

// appendShape appends a size, or several packed ones.
func (t *tensor) appendShape(f field) error {
	if !f.packed {
		t.Shape = append(t.Shape, int64(f.varint))
		return nil
	}
	for b := f.bytes; len(b) > 0; {
		size, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		t.Shape = append(t.Shape, int64(size))
		b = b[n:]
	}
	return nil
}
