package tree

import "math"

// The rows of testdata/make.py again; it says what they hold.
const rowFeatures = 24

var oddValues = []float64{0, math.Copysign(0, -1), 5e-324, 1e-36, -1e-36, 1.0000000180025095e-35, -1.0000000180025095e-35, 1.0000000180025097e-35,
	1e-46, 1e-300, 1e30, -1e30, 3e38, -3e38, -1, -0.5, -0.99, 0.1, 3.7, 39.999, 65536, 2147483647, 2147483648, -2147483649, 4294967297, 1e19}

// draw is the k-th 64 random bits of a cell.
func draw(seed uint64, cell, k int) uint64 {
	z := seed + uint64(cell*8+k+1)*0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// makeRows makes n test rows of rowFeatures features.
func makeRows(seed uint64, n int) []float64 {
	rows := make([]float64, n*rowFeatures)
	for cell := range rows {
		rows[cell] = makeCell(seed, cell)
	}
	return rows
}

func makeCell(seed uint64, cell int) float64 {
	special := draw(seed, cell, 3)
	switch {
	case special%64 == 1:
		return oddValues[draw(seed, cell, 4)%uint64(len(oddValues))]
	case special%16 == 0:
		return math.NaN()
	}
	first := draw(seed, cell, 0)
	count := float64(first>>61) - 4
	switch column := cell % rowFeatures; {
	case column < 14:
		sum := 0.0
		for k := range 3 {
			sum += float64(draw(seed, cell, k)>>11) * 0x1p-53
		}
		return sum*2 - 3
	case column < 18:
		return onGrid(first, draw(seed, cell, 1)&7)
	case column < 20:
		return max(count, 0)
	case column == 20:
		return count
	default:
		return float64(first % []uint64{40, 7, 200}[column-21])
	}
}

func onGrid(bits, jitter uint64) float64 {
	grid := (float64(bits>>58) - 32) / 32
	half := grid + 1.0/64
	up := math.Nextafter(half, math.Inf(1))
	switch jitter {
	case 0:
		return half
	case 1:
		return up
	case 2:
		return math.Nextafter(half, math.Inf(-1))
	case 3:
		return math.Nextafter(up, math.Inf(1))
	case 4:
		return math.Nextafter(grid, math.Inf(-1))
	case 5:
		return math.Nextafter(grid, math.Inf(1))
	}
	return grid
}
