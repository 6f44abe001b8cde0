package wire

// Secret is a password. Printed, logged or encoded it does not show; string(s) is what is to be sent.
type Secret string

const hidden = "[secret]"

func (s Secret) String() string { return hidden }

// GoString hides it from %#v.
func (s Secret) GoString() string { return hidden }

// MarshalText hides it from encoders and structured logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
