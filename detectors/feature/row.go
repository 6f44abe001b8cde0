package feature

import (
	"math"

	"andon/schemas/event"
)

// row is the values of one set, each missing until it is set.
//
// Everything is worked out in integers. What is done with floats is done here: two integers are converted and divided, once, and a value is the
// quotient. Conversion, division and square root are rounded as IEEE 754 says on every architecture, and a compiler can fuse only a product with a
// sum, of which there is none; so the same facts give the same bits on arm64 and on amd64.
type row []float64

var missing = math.NaN()

// over sets a quotient; it stays missing when the divisor is not positive.
func (r row) over(i int, a, b int64) {
	if b > 0 {
		r[i] = float64(a) / float64(b)
	}
}

// overRoot sets a over the square root of b; it stays missing when b is not positive.
func (r row) overRoot(i int, a, b int64) {
	if b > 0 {
		r[i] = float64(a) / math.Sqrt(float64(b))
	}
}

// count sets a whole number.
func (r row) count(i int, n int64) { r[i] = float64(n) }

// seconds sets a span.
func (r row) seconds(i int, d event.Micros) { r.over(i, int64(d), int64(event.Second)) }

// base sets a quantity of thousandths, in whole units.
func (r row) base(i int, milli int64) { r.over(i, milli, 1000) }

// basisPoints sets ten-thousandths, as a fraction.
func (r row) basisPoints(i int, bp int64) { r.over(i, bp, 10_000) }
