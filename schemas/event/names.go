package event

import (
	"bytes"
	"reflect"
	"strconv"

	"github.com/segmentio/encoding/json"
)

// names is a closed list of wire names; the position of a name is its value in memory.
type names []string

func (n names) name(i uint8) string {
	if int(i) < len(n) {
		return n[i]
	}
	return ""
}

func (n names) find(s []byte) (uint8, bool) {
	for i, name := range n {
		if name == string(s) {
			return uint8(i), true
		}
	}
	return 0, false
}

// text returns the inside of a JSON string token, and nothing for null. Any other token is an error of the kind a wrong type is.
func text(token []byte) ([]byte, error) {
	if len(token) < 2 || token[0] != '"' {
		if string(token) == "null" {
			return nil, nil
		}
		return nil, &json.UnmarshalTypeError{Value: strconv.Quote(string(token[:min(len(token), 32)])), Type: stringType}
	}
	inside := token[1 : len(token)-1]
	if bytes.IndexByte(inside, '\\') >= 0 {
		var s string
		if err := json.Unmarshal(token, &s); err != nil {
			return nil, err
		}
		return []byte(s), nil
	}
	return inside, nil
}

var stringType = reflect.TypeFor[string]()

func quote(s string) ([]byte, error) { return strconv.AppendQuote(nil, s), nil }
