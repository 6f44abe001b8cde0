package datasets

import (
	"math/big"
	"regexp"
	"testing"

	"andon/schemas/event"

	"pgregory.net/rapid"
)

var decimal = regexp.MustCompile(`^([0-9]+(\.[0-9]+)?|\.[0-9]+)$`)

// parseMilli takes exactly the decimals that are a whole number of thousandths within the limit, and gives that number.
func TestParseMilli(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[0-9]{0,13}(\.[0-9]{0,6}0{0,3})?|-?[0-9.e+x ]{0,4}`).Draw(t, "s")
		got, ok := parseMilli(s)
		want, valid := new(big.Rat), false
		if decimal.MatchString(s) {
			want, valid = want.SetString(s)
			want.Mul(want, big.NewRat(1000, 1))
			valid = valid && want.IsInt() && want.Cmp(big.NewRat(event.MaxQtyMilli, 1)) <= 0
		}
		if ok != valid || valid && want.Cmp(big.NewRat(got, 1)) != 0 {
			t.Fatalf("%q: %d, %v", s, got, ok)
		}
	})
}
