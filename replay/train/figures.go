package train

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// draws is how many bootstrap samples an interval is made of.
const draws = 400

// intervals are PR-AUC and ROC-AUC, each with the ends of its 95 % interval: whole groups are drawn, since the rows of one share their label.
func intervals(scores []float64, labels []bool, groups []string) (pr, roc [3]float64) {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	number := map[string]int{}
	of := make([]int, len(groups))
	for i, g := range groups {
		n, there := number[g]
		if !there {
			n = len(number)
			number[g] = n
		}
		of[i] = n
	}
	weight := make([]int, len(number))
	for i := range weight {
		weight[i] = 1
	}
	pr[0], roc[0] = areas(order, scores, labels, of, weight)
	random := rand.New(rand.NewPCG(1, 1))
	var prs, rocs []float64
	for range draws {
		clear(weight)
		for range weight {
			weight[random.IntN(len(weight))]++
		}
		p, r := areas(order, scores, labels, of, weight)
		prs, rocs = append(prs, p), append(rocs, r)
	}
	slices.Sort(prs)
	slices.Sort(rocs)
	pr[1], pr[2], roc[1], roc[2] = prs[draws/40], prs[draws-1-draws/40], rocs[draws/40], rocs[draws-1-draws/40]
	return pr, roc
}

// areas are the areas under both curves; rows of one score are one step. 0 and 0.5 where there is only one kind of label.
func areas(order []int, scores []float64, labels []bool, of, weight []int) (pr, roc float64) {
	var tp, fp, stepTP, stepFP, area, sum float64
	for k, i := range order {
		w := float64(weight[of[i]])
		if labels[i] {
			stepTP += w
		} else {
			stepFP += w
		}
		if k+1 < len(order) && scores[order[k+1]] == scores[i] {
			continue
		}
		sum += stepFP * (tp + stepTP/2)
		tp, fp = tp+stepTP, fp+stepFP
		if stepTP > 0 {
			area += stepTP * tp / (tp + fp)
		}
		stepTP, stepFP = 0, 0
	}
	if tp == 0 || fp == 0 {
		return 0, 0.5
	}
	return area / tp, sum / (tp * fp)
}
