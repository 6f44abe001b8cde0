#!/bin/sh
# Trains the models that Andon ships, on simulated days, and packs them into models/: make train. The same commit gives the same files.
set -eu
cd "$(dirname "$0")/.."
work=.cache/train/simulated
days=16 orders=3000 seed=1
mkdir -p "$work" models
bin/andon dataset history --simulate $days --orders $orders --seed $seed --out "$work"

one() { # code, name, what the label says
	bin/andon dataset export --code "$1" --verdicts "$work/verdicts.ndjson" --decisions "$work/decisions.ndjson" --out "$work/$2.parquet"
	"${PYTHON:-python3}" train/train.py "$work/$2.parquet" --name "$2" --author andon --label "$3" --out "$work/$2" \
		--source "the simulator alone, seeds $seed to $((seed + days - 1)), $orders orders a day: what it says of real goods is not known"
	bin/andon model pack "$work/$2" --out models
	bin/andon model check "models/$2@1.zip"
}
one CA-05 carrier-lateness "the shipment is delivered more than 2 h after its promise, or never"
one pick_short_risk pick-shortage "less is picked of a line of the order than was ordered"
one PA-03 weight-mismatch "something else is in the carton than was recorded"
