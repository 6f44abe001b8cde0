package train

import (
	"errors"
	"math"

	"andon/pipeline/scorer/logistic"
)

// design is the problem in the form the steps need: a row is 1, then for each feature its standardised value (0 when missing) and 1 when it is
// missing. All sums run in the order of the rows, and products are rounded before they are added: no processor fuses the two.
type design struct {
	width int
	x     []float64 // rows of width values, one after the other
	y     []float64 // 0 or 1
	ridge float64
}

func newDesign(m *logistic.Model, rows [][]float64, labels []bool, order []int, ridge float64) *design {
	d := &design{width: 1 + 2*len(m.Terms), y: make([]float64, 0, len(rows)), ridge: ridge}
	d.x = make([]float64, 0, len(rows)*d.width)
	for _, i := range order {
		d.x = append(d.x, 1)
		for j, v := range rows[i] {
			if math.IsNaN(v) {
				d.x = append(d.x, 0, 1)
			} else {
				d.x = append(d.x, (v-m.Terms[j].Mean)/m.Terms[j].Scale, 0)
			}
		}
		label := 0.0
		if labels[i] {
			label = 1
		}
		d.y = append(d.y, label)
	}
	return d
}

func (d *design) row(i int) []float64 { return d.x[i*d.width : (i+1)*d.width] }

// loss is what is to be small: minus the log-likelihood, and the ridge.
func (d *design) loss(w []float64) float64 {
	var sum float64
	for i, y := range d.y {
		z := dot(d.row(i), w)
		sum += math.Max(z, 0) - float64(y*z) + math.Log1p(math.Exp(-math.Abs(z)))
	}
	for _, v := range w[1:] {
		sum += float64(float64(0.5*d.ridge) * float64(v*v))
	}
	return sum
}

// slopes are the gradient of the loss at w, and its second derivatives: a symmetric matrix, of which the lower half is filled.
func (d *design) slopes(w []float64) (g, h []float64) {
	n := d.width
	g, h = make([]float64, n), make([]float64, n*n)
	for i, y := range d.y {
		x := d.row(i)
		p := 1 / (1 + math.Exp(-dot(x, w)))
		v := float64(p * (1 - p))
		for a, xa := range x {
			if xa == 0 {
				continue
			}
			g[a] += float64((p - y) * xa)
			va, row := float64(v*xa), h[a*n:a*n+a+1]
			for b := range row {
				row[b] += float64(va * x[b])
			}
		}
	}
	for a := 1; a < n; a++ { // the intercept is free
		g[a] += float64(d.ridge * w[a])
		h[a*n+a] += d.ridge
	}
	return g, h
}

// newton finds the weights of the smallest loss: there is one, the ridge sees to that. A step that goes too far is halved.
func newton(d *design) ([]float64, error) {
	w, next := make([]float64, d.width), make([]float64, d.width)
	at := d.loss(w)
	for range stepsMax {
		g, h := d.slopes(w)
		step, err := solve(h, g)
		if err != nil {
			return nil, err
		}
		largest := 0.0
		for _, s := range step {
			largest = math.Max(largest, math.Abs(s))
		}
		if largest < settled {
			return w, nil
		}
		for halved := 0; ; halved++ {
			for a := range next {
				next[a] = w[a] - step[a]
				step[a] /= 2
			}
			loss := d.loss(next)
			if loss <= at || halved == halvingMax {
				if !(loss < at) { // as far as the numbers carry
					return w, nil
				}
				at = loss
				break
			}
		}
		w, next = next, w
	}
	return nil, errors.New("it does not settle: give it more ridge")
}

// solve returns s of h s = g, h symmetric with its lower half given; both are used up (Cholesky).
func solve(h, g []float64) ([]float64, error) {
	n := len(g)
	for a := range n {
		for b := 0; b <= a; b++ {
			sum := h[a*n+b] - dot(h[a*n:a*n+b], h[b*n:b*n+b])
			switch {
			case a != b:
				h[a*n+b] = sum / h[b*n+b]
			case !(sum > 0):
				return nil, errors.New("columns say the same to the last digit: give it more ridge")
			default:
				h[a*n+a] = math.Sqrt(sum)
			}
		}
		g[a] = (g[a] - dot(h[a*n:a*n+a], g[:a])) / h[a*n+a]
	}
	for a := n - 1; a >= 0; a-- {
		for b := a + 1; b < n; b++ {
			g[a] -= float64(h[b*n+a] * g[b])
		}
		g[a] /= h[a*n+a]
	}
	return g, nil
}

// dot is the sum of the products, in order.
func dot(a, b []float64) float64 {
	var sum float64
	for i, x := range a {
		sum += float64(x * b[i])
	}
	return sum
}
