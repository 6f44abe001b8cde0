#!/usr/bin/env python3
"""Prints the figures of the public data sets as they stand in docs/models.md: python train/public.py CA-05 olist.parquet [warning]

The model, the rule, and a model of one feature, each by rolling origin; CA-05 at the hand-over and at later judgements apart;
with a third argument also how long before the promise alarms come.
"""

import sys

import numpy as np

import data
import measure
from engines import LightGBM

SEED = 1


def main():
    code, path = sys.argv[1:3]
    d = data.read(path)
    rows, score = [], {"model": [], "logistic": [], "one feature": [], "rule": []}
    names = set()
    for train, test in data.rolling(d):
        rows.append(test)
        score["model"].append(LightGBM().fit(d.x[train], d.y[train], d.names, SEED).predict(d.x[test]))
        best, one = lone(d, train, test)
        names.add(best)
        score["one feature"].append(one)
        score["rule"].append(d.rule[test])
        score["logistic"].append(logistic(d, train, test))
    rows = np.concatenate(rows)
    score = {k: np.concatenate(v) for k, v in score.items()}
    print(f"{d.read} judgements, tested on {len(rows)}; the one feature: {', '.join(sorted(names))}")
    gap = d.feature("gap_s")[rows] if "gap_s" in d.names else np.zeros(len(rows))
    scans = d.feature("scans")[rows] if "scans" in d.names else np.zeros(len(rows))
    for stage, at in stages(code, gap, scans):
        table(stage, {k: v[at] for k, v in score.items()}, d.y[rows][at], d.group[rows][at])
    if code == "CA-05" and len(sys.argv) > 3:
        warning(d, rows, score)


def stages(code, gap, scans):
    if code != "CA-05":
        return [("at the release", np.ones(len(gap), bool))]
    spans = [(2, 3), (4, 6), (7, 9), (10, 99)]
    later = [(f"at scans {lo} to {hi}" if hi < 99 else f"from scan {lo} on", (gap == 0) & (scans >= lo) & (scans <= hi)) for lo, hi in spans]
    all = [("at the hand-over", (gap == 0) & (scans <= 1)), *later, ("when no scan came and time passed", gap > 0)]
    return [(name, at) for name, at in all if at.sum() >= 100]


LIMITS = (0.3, 0.5, 0.7, 0.9)


def warning(d, rows, score):
    """Shipment by shipment: of those a score raises before the promise, how many are late, and how long before the promise the first alarm comes."""
    slack, y, at = d.feature("slack_s")[rows] / 3600, d.y[rows], d.at[rows]
    names, place = np.unique(d.group[rows], return_inverse=True)
    late = np.zeros(len(names), bool)
    late[place] = y == 1
    print(f"\nalarms before the promise, {len(names)} shipments, {late.sum()} late\n")
    print("| raises | shipments raised | precision | recall | hours of warning, median | p10 |\n|---|---|---|---|---|---|")
    asked = [("rule", 0.5)] + [(k, t) for k in ("model", "logistic", "one feature") for t in LIMITS]
    for k, limit in asked:
        hours = np.full(len(names), np.nan)
        up = np.flatnonzero((score[k] >= limit) & (slack >= 0))
        for i in up[np.argsort(-at[up])]:  # the first holds
            hours[place[i]] = slack[i]
        raised = ~np.isnan(hours)
        print(f"| {k}{'' if k == 'rule' else f' from {limit} on'} | {raised.sum()} | {spread(share, late[raised])} | {spread(share, raised[late])} | "
              f"{spread(np.median, hours[raised & late])} | {spread(lambda v: np.quantile(v, 0.1), hours[raised & late])} |")


def share(v):
    return float(np.mean(v))


def spread(figure, values):
    """A figure of independent shipments with its 95 % interval."""
    if len(values) < 5:
        return "-"
    rng = np.random.default_rng(SEED)
    drawn = [figure(values[rng.integers(0, len(values), len(values))]) for _ in range(measure.DRAWS)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    digits = 1 if np.max(np.abs(values.astype(float))) > 2 else 2
    return f"{figure(values):.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def lone(d, train, test):
    """One feature through the same library, the one that ranks best on the rows trained on."""
    best = max(range(d.x.shape[1]), key=lambda j: abs(auc(d.x[train, j], d.y[train]) - 0.5))
    model = LightGBM().fit(d.x[train][:, [best]], d.y[train], [d.names[best]], SEED)
    return d.names[best], model.predict(d.x[test][:, [best]])


def auc(x, y):
    there = ~np.isnan(x)
    if not 0 < y[there].sum() < there.sum():
        return 0.5
    return measure.plain(measure.roc_auc, x[there], y[there])


def logistic(d, train, test):
    """The challenger: standardised, a column for what is missing, ridge 1; as replay/train fits it."""

    def design(x):
        gone = np.isnan(x)
        return np.column_stack([np.ones(len(x)), np.where(gone, 0, (x - mean) / scale), gone])

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # columns without a value
        mean, scale = np.nan_to_num(np.nanmean(d.x[train], axis=0)), np.nan_to_num(np.nanstd(d.x[train], axis=0))
    scale[scale == 0] = 1
    x, y, w = design(d.x[train]), d.y[train], None
    w = np.zeros(x.shape[1])
    ridge = np.ones(len(w))
    ridge[0] = 0
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        w = w - np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + np.diag(ridge + 1e-9), x.T @ (p - y) + ridge * w)
    return 1 / (1 + np.exp(-np.clip(design(d.x[test]) @ w, -30, 30)))


def table(stage, score, y, group):
    print(f"\n{stage}: {len(y)} judgements of {len(np.unique(group))}, {int(y.sum())} positive ({100 * y.mean():.1f} %), the rule raises {int(score['rule'].sum())}\n")
    ranks = {"PR-AUC": measure.pr_auc, "ROC-AUC": measure.roc_auc, "precision at 5 % reviewed": measure.precision_at(0.05)}
    figures = measure.many(ranks, score, y, group)
    print("| | " + " | ".join(ranks) + " |\n|---|---|---|---|")
    for k in score:
        print(f"| {k} | " + " | ".join("{:.3f} ({:.3f} to {:.3f})".format(*figures[f, k]) for f in ranks) + " |")
    for other in ("rule", "one feature"):
        print("the model less the {}: PR-AUC {:+.3f} ({:+.3f} to {:+.3f})".format(other, *figures["PR-AUC", "model", other]))


if __name__ == "__main__":
    main()
