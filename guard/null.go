package guard

import "math"

// upperNormal is the value that a standard normal variable exceeds with probability alpha.
func upperNormal(alpha float64) float64 { return math.Sqrt2 * math.Erfcinv(2*alpha) }

// upperChi2 is the value that a chi-squared variable of k degrees of freedom exceeds with probability alpha, by the approximation of Wilson and
// Hilferty: from 3 degrees on within 2 %.
func upperChi2(alpha, k float64) float64 {
	a := 2 / (9 * k)
	root := 1 - a + upperNormal(alpha)*math.Sqrt(a)
	return k * root * root * root
}

// upperSum is the value that a sum which is never negative exceeds with probability alpha: of the gamma distribution with its mean and variance, whose tail
// is no shorter than that of a sum of sizes of normal variables.
func upperSum(alpha, mean, variance float64) float64 {
	k := 2 * mean * mean / variance
	return mean / k * upperChi2(alpha, k)
}

// size is the mean and the variance of the size of a normal variable.
func size(mean, deviation float64) (m, variance float64) {
	if deviation == 0 {
		return math.Abs(mean), 0
	}
	z := mean / deviation
	m = deviation*math.Sqrt(2/math.Pi)*math.Exp(-z*z/2) + mean*math.Erf(z/math.Sqrt2)
	return m, max(0, mean*mean+deviation*deviation-m*m)
}

// Bins are merged with their neighbours until each holds so many values by expectation, in the window and in the reference.
const perBin = 20

// divergence is the population stability index of a window's counts against what is expected of them, and how many bins were left to compare.
// expected are the shares of the bins, n the values of the window, m the size of the reference they stand on.
func divergence(observed []int32, expected []float64, n, m float64) (psi float64, bins int) {
	var o, e float64
	add := func() {
		// Half a value more on either side, so that no bin is empty.
		p, q := (o+0.5)/(n+0.5), (e*m+0.5)/(m+0.5)
		psi += (p - q) * math.Log(p/q)
		bins++
		o, e = 0, 0
	}
	rest := 1.0
	for i, share := range expected {
		o, e, rest = o+float64(observed[i]), e+share, rest-share
		enough := func(share float64) bool { return share*min(n, m) >= perBin }
		if i == len(expected)-1 || enough(e) && enough(rest) {
			add()
		}
	}
	return psi, bins
}

// typicalDivergence is what the index amounts to on average when nothing has changed, in bins; beyond it goes limitDivergence with probability alpha.
func typicalDivergence(bins int, n, m float64) float64 { return (1/n + 1/m) * float64(bins-1) }

func limitDivergence(alpha float64, bins int, n, m float64) float64 {
	return (1/n + 1/m) * upperChi2(alpha, float64(bins-1))
}

// scatter is the standard deviation of the difference of two shares, of n and of m, when both are drawn from where the share is p.
func scatter(p, n, m float64) float64 { return math.Sqrt(p * (1 - p) * (1/n + 1/m)) }

// upperShare is up to where a share may reach of which k of n were seen, with a confidence of 90 %: the bound of Wilson.
func upperShare(k, n int) float64 {
	z, p, size := upperNormal(0.1), float64(k)/float64(n), float64(n)
	return (p + z*z/(2*size) + z*math.Sqrt(p*(1-p)/size+z*z/(4*size*size))) / (1 + z*z/size)
}
