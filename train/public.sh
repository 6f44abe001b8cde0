#!/bin/sh
# Trains on the public data sets and prints the figures of docs/models.md: make train-public. The data is read where it is, ANDON_DATA or
# ../shared/data, and the models stay in .cache: the licences do not let them be given on.
set -eu
cd "$(dirname "$0")/.."
data=${ANDON_DATA:-../shared/data}
work=.cache/train/public

one() { # set, code, name, what the label says, warning: hours of it too
	if [ ! -d "$data/$1" ]; then
		echo "$1: public data not found in $data (set ANDON_DATA to its folder)"
		return
	fi
	mkdir -p "$work/$1"
	bin/andon dataset history --dataset "$1=$data/$1" --code "$2" --out "$work/$1"
	bin/andon dataset export --code "$2" --verdicts "$work/$1/verdicts.ndjson" --decisions "$work/$1/decisions.ndjson" --out "$work/$1.parquet"
	"${PYTHON:-python3}" train/train.py "$work/$1.parquet" --name "$3" --author andon --label "$4" --source "$1" --out "$work/$1/$3" >"$work/$1/train.txt"
	bin/andon model pack "$work/$1/$3" --out "$work/$1"
	"${PYTHON:-python3}" train/public.py "$2" "$work/$1.parquet" ${5:-}
}
one olist CA-05 carrier-lateness "the order is delivered after the estimated day"
one valio_aimo pick_short_risk pick-shortage "less is picked of a line of the order than was ordered"
one cargo2000 CA-05 carrier-lateness "the shipment is delivered after the planned end of its last leg" warning
