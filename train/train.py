#!/usr/bin/env python3
"""Trains a model on a dataset and leaves a bundle directory for `andon model pack`.

    andon dataset export --code CA-05 --verdicts verdicts.ndjson --decisions decisions.ndjson --out ca05.parquet
    python train/train.py ca05.parquet --name carrier-lateness --author ada --out out/carrier-lateness
    andon model pack out/carrier-lateness --out models

The split is by time and by group (order, shipment): a model is tested on what came after all it was trained on was known. The figures in the manifest
are of those tests; the model itself is then fitted to all rows. The same file and seed give the same bundle.

It ends with code 1, and no bundle, when a check for leakage fails: a single feature that ranks nearly perfectly, rows of one group that give each
other away, or a model that learns from labels that were shuffled.
"""

import argparse
import datetime
import json
import os
import sys

import numpy as np

import data
import measure
from engines import ENGINES

SINGLE_MAX, GAP_MAX, SHUFFLED_MAX = 0.95, 0.02, 0.03
ECE_MAX, ECE_LABELS, ISOTONIC_LABELS = 0.03, 500, 5000
GOLDEN = 200


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("data", help="what andon dataset export wrote: .parquet or .csv")
    p.add_argument("--name", required=True, help="of the bundle, e.g. carrier-lateness")
    p.add_argument("--version", type=int, default=1)
    p.add_argument("--engine", choices=ENGINES, default="lightgbm")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--source", default="recorded judgements", help="where the rows are from, for the manifest")
    p.add_argument("--label", default="the case was confirmed", help="what the label says, for the manifest")
    p.add_argument("--author", required=True)
    p.add_argument("--out", required=True, help="directory of the bundle")
    a = p.parse_args()

    d = data.read(a.data)
    if d.y.sum() < 30 or len(d.y) - d.y.sum() < 30:
        sys.exit(f"{a.data}: {int(d.y.sum())} positive and {int(len(d.y) - d.y.sum())} negative mature labels: at least 30 of each are needed")
    make = lambda: ENGINES[a.engine]()
    tests = tested(d, make, a.seed)
    checks, leaks = leakage(d, make, a.seed)
    for line in checks:
        print(line)
    if leaks:
        sys.exit("\n".join("leakage: " + line for line in leaks))
    figures = report(tests)
    calibrator = calibration(tests)
    model = make().fit(d.x, d.y, d.names, a.seed)
    write(a, d, model, calibrator, tests, figures, checks)


def tested(d, make, seed):
    """Scores of rows that came after the model was trained: the model, the rule, and the best single feature."""
    parts = []
    for train, test in data.rolling(d):
        model = make().fit(d.x[train], d.y[train], d.names, seed)
        best, sign = single(d, train)
        lone = sign * np.nan_to_num(d.x[test, best], nan=np.median(d.x[train, best][~np.isnan(d.x[train, best])]))
        rank = np.argsort(np.argsort(lone)) / len(test)  # folds may choose different features
        parts.append((test, model.predict(d.x[test]), rank))
    if not parts:
        sys.exit("too short a time: no stretch comes after labels that were known before it")
    rows = np.concatenate([t for t, _, _ in parts])
    return dict(rows=rows, model=np.concatenate([m for _, m, _ in parts]), one=np.concatenate([o for _, _, o in parts]),
                rule=d.rule[rows], y=d.y[rows], group=d.group[rows], at=d.at[rows])


def single(d, rows):
    """The feature that ranks best by itself, and in which direction."""
    best, far = 0, -1.0
    for j in range(d.x.shape[1]):
        auc = lone_auc(d.x[rows, j], d.y[rows])
        if abs(auc - 0.5) > far:
            best, far, sign = j, abs(auc - 0.5), 1 if auc >= 0.5 else -1
    return best, sign


def lone_auc(x, y):
    there = ~np.isnan(x)
    if there.sum() < 2 or not 0 < y[there].sum() < there.sum():
        return 0.5
    return measure.plain(measure.roc_auc, x[there], y[there])


def leakage(d, make, seed):
    """Checks that would show a label among the features; what was found, and what is wrong."""
    found, wrong = [], []
    aucs = [(max(auc, 1 - auc), n) for n, auc in ((n, lone_auc(d.feature(n), d.y)) for n in d.names)]
    most, name = max(aucs)
    found.append(f"the best single feature, {name}, has ROC-AUC {most:.3f} (at most {SINGLE_MAX})")
    if most > SINGLE_MAX:
        wrong.append(found[-1])

    rng = np.random.default_rng(seed)
    groups, place = np.unique(d.group, return_inverse=True)
    grouped = (rng.permutation(len(groups)) % 4 == 0)[place]
    loose = rng.permutation(len(d.y)) % 4 == 0
    auc = {}
    for what, test, y in (("grouped", grouped, d.y), ("random", loose, d.y), ("shuffled", grouped, rng.permutation(len(groups)))):
        if what == "shuffled":  # labels change hands between whole groups
            y = shuffled(d, place, y)
        model = make().fit(d.x[~test], y[~test], d.names, seed)
        auc[what] = measure.plain(measure.roc_auc, model.predict(d.x[test]), y[test])
    gap = auc["random"] - auc["grouped"]
    found.append(f"ROC-AUC {auc['random']:.3f} when rows are split at random, {auc['grouped']:.3f} when whole groups are: a gap of {gap:+.3f}")
    per_group = len(d.y) / len(groups)
    found.append(f"ROC-AUC {auc['shuffled']:.3f} with labels shuffled")
    off = 3 * np.sqrt(1 / max(1, d.y[grouped].sum() / per_group) / 12 + SHUFFLED_MAX**2 / 9)
    if auc["shuffled"] - 0.5 > off:
        wrong.append(found[-1] + ": there is nothing to learn, it should be 0.5")
    if gap > GAP_MAX and per_group > 1.2:
        found.append("rows of one group give each other away: only the grouped figures count, and all figures here are grouped")
    return found, wrong


def shuffled(d, place, permutation):
    """Each group gets the labels of another group's first row."""
    first = np.full(len(permutation), -1)
    for row in range(len(place) - 1, -1, -1):
        first[place[row]] = row
    return d.y[first][permutation][place]


def report(t):
    """The figures of the tests: {name: (value, low, high)}."""
    ranks = {"pr_auc": measure.pr_auc, "roc_auc": measure.roc_auc, "precision_at_5_percent": measure.precision_at(0.05)}
    found = measure.many(ranks, {k: t[k] for k in ("model", "rule", "one")}, t["y"], t["group"])
    found.update(measure.many({"ece": measure.ece, "brier": measure.brier}, {"model": t["model"]}, t["y"], t["group"]))
    figures = {f"{figure} {' less '.join(of)}": v for (figure, *of), v in found.items() if of[0] == "model" or len(of) == 1}
    for name, (value, low, high) in figures.items():
        print(f"{name:32} {value:.4f} ({low:.4f} to {high:.4f})")
    return figures


def calibration(t):
    """None, unless the model earned one: badly calibrated, on enough labels."""
    if len(t["y"]) < ECE_LABELS or measure.plain(measure.ece, t["model"], t["y"]) <= ECE_MAX:
        return {"kind": "none"}
    return platt(t["model"], t["y"]) if len(t["y"]) < ISOTONIC_LABELS else isotonic(t["model"], t["y"])


def platt(p, y):
    """Newton's method on two numbers."""
    p = np.clip(p, 1e-9, 1 - 1e-9)
    z, (a, b) = np.log(p) - np.log1p(-p), (1.0, 0.0)
    for _ in range(50):
        q = 1 / (1 + np.exp(-(a * z + b)))
        g = np.array([np.sum((q - y) * z), np.sum(q - y)])
        w = q * (1 - q)
        h = np.array([[np.sum(w * z * z), np.sum(w * z)], [np.sum(w * z), np.sum(w)]]) + 1e-9 * np.eye(2)
        a, b = (a, b) - np.linalg.solve(h, g)
    return {"kind": "platt", "a": float(max(a, 1e-6)), "b": float(b)}


def isotonic(p, y):
    """Pool adjacent violators; the line goes through the middles of the pools."""
    order = np.argsort(p, kind="stable")
    pools = []  # [sum of y, sum of p, rows]
    for s, v in zip(p[order], y[order]):
        pools.append([v, s, 1])
        while len(pools) > 1 and pools[-2][0] * pools[-1][2] >= pools[-1][0] * pools[-2][2]:
            last = pools.pop()
            pools[-1] = [u + v for u, v in zip(pools[-1], last)]
    x, out = [], []
    for v, s, n in pools:
        if not x or s / n > x[-1]:
            x.append(float(s / n))
            out.append(float(v / n))
    return {"kind": "isotonic", "x": x, "y": out} if len(x) > 1 else {"kind": "none"}


def calibrated(c, p):
    if c["kind"] == "platt":
        return 1 / (1 + np.exp(-(c["a"] * (np.log(p) - np.log1p(-p)) + c["b"])))
    if c["kind"] == "isotonic":
        return np.interp(p, c["x"], c["y"])
    return p


def golden(d, seed):
    """Rows to hold the model to: some as they are, some with values missing or at the edge of what was seen."""
    rng = np.random.default_rng(seed)
    rows = d.x[rng.choice(len(d.x), GOLDEN, replace=len(d.x) < GOLDEN)].copy()
    may = [i for i, f in enumerate(d.note["features"]) if f["missing"] == "keep"]
    low, high = np.nanmin(np.vstack([d.x, np.zeros(d.x.shape[1])]), axis=0), np.nanmax(np.vstack([d.x, np.zeros(d.x.shape[1])]), axis=0)
    for i in range(GOLDEN // 2):
        j = rng.integers(0, d.x.shape[1], 4)
        for k in j:
            rows[i, k] = [low[k], high[k]][rng.integers(0, 2)]
        for k in rng.choice(may, max(1, len(may) // 4), replace=False):
            rows[i, k] = np.nan
    return rows


def proposed(score, label):
    """From which score on precision and recall together are best (F1); what is in force is the policy's."""
    r = measure.Ranked(score, label)
    tp, seen = r.curve(np.ones(len(label)))
    return r.s[r.last][np.argmax(2 * tp / (seen + tp[-1]))]


def instant(us):
    return datetime.datetime.fromtimestamp(int(us) / 1e6, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def write(a, d, model, calibrator, t, figures, checks):
    os.makedirs(a.out, exist_ok=True)
    model.save(os.path.join(a.out, model.file))
    rows = golden(d, a.seed)
    scores = calibrated(calibrator, model.predict(rows))
    with open(os.path.join(a.out, "golden.jsonl"), "w") as f:
        for row, score in zip(rows, scores):
            f.write(json.dumps({"features": [None if np.isnan(v) else float(v) for v in row], "score": float(score)}) + "\n")
    tried = calibrated(calibrator, t["model"])
    threshold = int(np.clip(np.floor(proposed(tried, t["y"]) * 10_000), 1, 9999))
    on = f"rolling origin, {len(t['y'])} rows of {len(np.unique(t['group']))} groups, {int(t['y'].sum())} positive"
    manifest = {
        "layout": 1, "name": a.name, "version": a.version, "format": model.format, "model": {"name": model.file}, "golden": {"name": "golden.jsonl"},
        "features": {"set": d.note["set"], "columns": d.note["features"]},
        "training": {"source": a.source, "from": instant(d.at[0]), "until": instant(d.at[-1] + 1e6), "rows": len(d.y), "positives": int(d.y.sum())},
        "label": {"definition": a.label, "maturity": d.note["maturity"]},
        "metrics": [{"name": n.replace(" ", "_"), "value": round(v, 6), "low": round(lo, 6), "high": round(hi, 6), "on": on} for n, (v, lo, hi) in figures.items()],
        "calibrator": calibrator,
        "thresholds": [{"code": d.note["code"], "threshold_bp": threshold, "clear_bp": threshold * 8 // 10}],
        "author": a.author, "card": card(a, d, model, calibrator, figures, checks, on),
    }
    with open(os.path.join(a.out, "manifest.json"), "w") as f:
        json.dump(manifest, f, indent=1)
        f.write("\n")
    print(f"{a.out}: {model.version()}, raises from {threshold / 10_000:.4f} on, calibrated by {calibrator['kind']}")


def card(a, d, model, calibrator, figures, checks, on):
    line = lambda n: "{:.3f} ({:.3f} to {:.3f})".format(*figures[n])
    return f"""# {a.name}@{a.version}

Answers {d.note['code']}: how likely it is that {a.label}. Fed {d.note['set']}, {len(d.names)} features.

Trained on {a.source}: {len(d.y)} labelled rows, {int(d.y.sum())} positive, with {model.version()}, seed {a.seed}. Of {d.read} rows {d.unlabelled} had no label and
{d.immature} were not mature; neither was used.

Tested by {on}, trained only on what was known before each test began; 95 % intervals by bootstrap of whole groups.

| | PR-AUC | ROC-AUC | precision at 5 % reviewed |
|---|---|---|---|
| this model | {line('pr_auc model')} | {line('roc_auc model')} | {line('precision_at_5_percent model')} |
| the rule | {line('pr_auc rule')} | {line('roc_auc rule')} | {line('precision_at_5_percent rule')} |
| one feature | {line('pr_auc one')} | {line('roc_auc one')} | {line('precision_at_5_percent one')} |

Calibration: ECE {line('ece model')}, Brier {line('brier model')}; calibrator: {calibrator['kind']}.

Checks for leakage: {'; '.join(checks)}.

It knows nothing of what its training rows never held: carriers, sites and services that are new, another policy of promises, another season. Train it
on judgements of your own before it decides anything.
"""


if __name__ == "__main__":
    main()
