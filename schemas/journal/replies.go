package journal

import "andon/schemas/beat"

// Fold is replies as an entry holds them: one for a run that are alike, as a model that is away gives them. Else the entry of a large beat would pass
// what a broker takes.
func Fold(replies []beat.Reply) (folded []beat.Reply) {
	for _, r := range replies {
		if n := len(folded) - 1; n >= 0 && folded[n].Score == r.Score && folded[n].Reason == r.Reason && folded[n].Model == r.Model {
			folded[n].More++
			continue
		}
		folded = append(folded, r)
	}
	return folded
}

// Unfold is what Fold folded.
func Unfold(folded []beat.Reply) (replies []beat.Reply) {
	for _, r := range folded {
		more := r.More
		r.More = 0
		for range more + 1 {
			replies = append(replies, r)
		}
	}
	return replies
}
