package simulate

import "andon/schemas/event"

// hindrance is what kept a picker from a bin: no event tells of it, only the time.
type hindrance struct {
	hindered bool
	line     int
	wait     event.Micros
}

// hinder draws whether something stood in the way, at one line of the order at most.
func (o *order) hinder(luck *dice, w *world, at event.Micros) {
	if o.hindered = luck.chance(w.errors(80, o.site, at)); o.hindered {
		o.line, o.wait = luck.below(len(o.lines)), luck.between(5*event.Minute, 25*event.Minute)
	}
}

// waited is how long the picker waited before a line.
func (o *order) waited(line int) event.Micros {
	if o.hindered && line == o.line {
		return o.wait
	}
	return 0
}

func (o *order) hindranceLabels() []Label {
	if !o.hindered {
		return nil
	}
	return []Label{label("PI-05", o.fulfilment(), "line %d: the aisle was blocked for %d s", o.line+1, int64(o.wait/event.Second))}
}

// What an empty carton weighs with its filling, and how much it gives or takes; grams.
const (
	emptyCarton = 180
	filling     = 12
)

// pieceWeight is what a piece of an item weighs on average, in grams. A piece is up to 3 % off.
func pieceWeight(item int) int64 { return int64(50 + item%900) }

// PieceWeights yields the items and what a piece weighs by the item master: the mean in grams, the standard deviation in milligrams.
func PieceWeights(yield func(item string, grams, sdMilligrams int64) bool) {
	for item := range items {
		if w := pieceWeight(item); !yield(gtin(item), w, w*1000*2*3/100*10/35) { // a uniform spread of width b has the deviation b/3.46
			return
		}
	}
}

// CartonWeight is what an empty carton weighs: the mean in grams, the standard deviation in milligrams.
func CartonWeight() (grams, sdMilligrams int64) { return emptyCarton, 2 * filling * 1000 * 10 / 35 }

// scale is what the scale shows of the cartons, and what a packer did that the records do not tell.
type scale struct {
	gross  [2]int64 // of each carton
	unseen unseen
	odd    int // the pack it happened to
}

// unseen is a slip of which the records know nothing.
type unseen uint8

// The unseen slips.
const (
	nothing   unseen = iota
	scanned          // a piece was scanned and not put in
	slippedIn        // a piece went in that nobody scanned
	swapped          // another item was put in than was scanned
)

// weigh puts the cartons on the scale.
func (o *order) weigh(luck *dice, w *world, at event.Micros) {
	if luck.chance(w.errors(60, o.site, at)) {
		o.unseen, o.odd = scanned+unseen(luck.below(3)), luck.below(len(o.packs))
	}
	for carton := range o.gross {
		o.gross[carton] = emptyCarton + int64(luck.below(2*filling+1)) - filling
	}
	for i, p := range o.packs {
		grams := int64(0)
		for range p.qty / 1000 {
			grams += luck.about(pieceWeight(p.item))
		}
		if i == o.odd {
			switch o.unseen {
			case scanned:
				grams -= pieceWeight(p.item)
			case slippedIn:
				grams += pieceWeight(p.item)
			case swapped:
				grams += pieceWeight(luck.below(items)) - pieceWeight(p.item)
			case nothing:
			}
		}
		o.gross[p.carton] += grams
	}
}

// about is up to 3 % off.
func (d *dice) about(grams int64) int64 {
	off := int(grams) * 3 / 100
	return grams + int64(d.below(2*off+1)-off)
}

func (o *order) scaleLabels() []Label {
	what := map[unseen]string{scanned: "a piece was scanned and not put in", slippedIn: "a piece went in that nobody scanned", swapped: "another item was put in"}[o.unseen]
	if what == "" || o.slip == leftBehind && o.packs[o.odd].carton == 1 {
		return nil
	}
	return []Label{label("PA-03", o.fulfilment(), "%s: %s", sku(o.packs[o.odd].item), what)}
}
