#!/usr/bin/env python3
"""Prints the figures of the public data sets as they stand in docs/models.md: python train/public.py CA-05 olist.parquet

The model, the rule, and a model of one feature, each by rolling origin; CA-05 at the hand-over and at later judgements apart.
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


def stages(code, gap, scans):
    if code != "CA-05":
        return [("at the release", np.ones(len(gap), bool))]
    late = [(f"at scan {int(n)}", (gap == 0) & (scans == n)) for n in np.unique(scans[(gap == 0) & (scans > 1)]) if ((gap == 0) & (scans == n)).sum() > 100]
    return [("at the hand-over", (gap == 0) & (scans == 1)), *late, ("when no scan came and time passed", gap > 0)]


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
    return design(d.x[test]) @ w


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
