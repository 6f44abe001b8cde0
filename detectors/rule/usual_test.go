package rule

import (
	"math"
	"testing"
)

func TestLogarithmInIntegers(t *testing.T) {
	check := func(n int64) {
		if got, want := LnMicro(n), int64(math.Round(1e6*math.Log(float64(n)))); got != want {
			t.Errorf("ln %d = %d millionths, want %d", n, got, want)
		}
	}
	for n := int64(1); n < 100_000; n++ {
		check(n)
	}
	for n := int64(1) << 20; n > 0; n = n/7*9 + 1 {
		check(n)
		if n > math.MaxInt64/9 {
			break
		}
	}
	check(math.MaxInt64)
}

func TestRootInIntegers(t *testing.T) {
	for _, n := range []int64{0, 1, 2, 3, 4, 8, 9, 15, 16, 24, 25, 26, 1<<31 - 1, 1 << 31, 1<<40 + 1, 1e17, math.MaxInt64} {
		r := root(n)
		if r*r > n || r < 3_037_000_499 && (r+1)*(r+1) <= n {
			t.Errorf("the root of %d is not %d", n, r)
		}
	}
	if root(-1) != 0 {
		t.Error("what is under zero has no root")
	}
}
