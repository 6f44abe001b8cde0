package identity_test

import (
	"strings"
	"testing"

	"andon/schemas/identity"
)

// FuzzParse: what is taken for an id is written as the same digits.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", identity.New("a", "b").String(), strings.Repeat("F", 32), strings.Repeat("0", 31), strings.Repeat("0", 33), strings.Repeat("g", 32)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, err := identity.Parse(s); err == nil && id.String() != strings.ToLower(s) {
			t.Fatalf("%q is written as %v", s, id)
		}
	})
}
