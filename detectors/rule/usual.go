package rule

import (
	"math/bits"

	"andon/detectors/setting"
)

// lane is what is usual of the shipment's carrier and service.
func (c *Context) lane(s *shipment) *setting.Lane {
	service := ""
	if s.manifest != nil {
		service = s.manifest.Doc.Service
	}
	return c.Reference.Lane(c.Carrier, service)
}

// LnMicro is the natural logarithm of a positive number in millionths, rounded to the nearest: in integers alone, so that every machine says the
// same. Squaring a number doubles its logarithm to base 2, which tells its digits one by one.
func LnMicro(n int64) int64 {
	const digits = 52
	const ln2 = 0xb17217f7d1cf79ab // 64 bits behind the point
	whole := bits.Len64(uint64(n)) - 1
	x := uint64(n) << (63 - whole) // 1 <= x < 2, 63 bits behind the point
	log2 := uint64(whole)
	for range digits {
		hi, lo := bits.Mul64(x, x)
		log2 <<= 1
		if hi>>63 == 1 { // the square is 2 or more
			log2, x = log2|1, hi
		} else {
			x = hi<<1 | lo>>63
		}
	}
	ln, _ := bits.Mul64(log2, ln2)
	hi, lo := bits.Mul64(ln, 1_000_000)
	lo, carry := bits.Add64(lo, 1<<(digits-1), 0)
	return int64((hi+carry)<<(64-digits) | lo>>digits)
}

// root is the square root of n, rounded down.
func root(n int64) int64 {
	if n <= 0 {
		return 0
	}
	x := int64(1) << ((bits.Len64(uint64(n)) + 1) / 2) // not under the root
	for {
		next := (x + n/x) / 2
		if next >= x {
			return x
		}
		x = next
	}
}
