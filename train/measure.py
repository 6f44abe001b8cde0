"""Figures of merit with their intervals: ranking, calibration, precision at a budget. Plain numpy."""

import numpy as np

DRAWS = 1000


class Ranked:
    """Rows in the order of a score, highest first, so that a bootstrap draw need not sort again."""

    def __init__(self, score, label):
        self.order = np.argsort(-score, kind="stable")
        self.s, self.y = score[self.order], label[self.order]
        self.last = np.append(np.flatnonzero(np.diff(self.s)), len(score) - 1)  # of each run of equal scores

    def curve(self, weight):
        """True positives and all rows, by weight, down to each score."""
        w = weight[self.order]
        return np.cumsum(w * self.y)[self.last], np.cumsum(w)[self.last]


def pr_auc(r, weight):
    """Average precision; rows of one score count as one step."""
    tp, seen = r.curve(weight)
    if tp[-1] == 0:
        return np.nan
    precision = np.divide(tp, seen, out=np.zeros_like(tp), where=seen > 0)
    return float(np.sum(np.diff(tp, prepend=0) * precision) / tp[-1])


def roc_auc(r, weight):
    """How likely a positive stands above a negative; a tie is half of it."""
    tp, seen = r.curve(weight)
    fp = seen - tp
    if tp[-1] == 0 or fp[-1] == 0:
        return np.nan
    before = np.concatenate([[0], tp[:-1]])
    return float(np.sum(np.diff(fp, prepend=0) * (tp + before) / 2) / (tp[-1] * fp[-1]))


def precision_at(share):
    """Precision among the share that stands highest; what ties at the edge counts in proportion."""

    def at(r, weight):
        tp, seen = (np.concatenate([[0], v]) for v in r.curve(weight))
        budget = share * seen[-1]
        return float(np.interp(budget, seen, tp) / budget)

    return at


def ece(r, weight):
    """Expected calibration error over 15 bins of equal mass."""
    off = weight[r.order] * (r.s - r.y)
    return float(sum(abs(part.sum()) for part in np.array_split(off, 15)) / weight.sum())


def brier(r, weight):
    return float(np.sum(weight[r.order] * (r.s - r.y) ** 2) / weight.sum())


def plain(figure, score, label):
    """A figure without an interval."""
    return figure(Ranked(score, label), np.ones(len(label)))


def draws(group, seed):
    """Weights of the rows in each bootstrap draw: groups are drawn, since rows of one share their label."""
    _, place = np.unique(group, return_inverse=True)
    n = place.max() + 1
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        yield np.bincount(rng.integers(0, n, n), minlength=n)[place].astype(float)


def many(figures, scores, label, group, seed=0):
    """Figures of some scores over the same draws, so that differences are paired.

    figures is {name: function}, scores {name: array}; gives {(figure, score): (value, low, high)} and, under (figure, a, b), how much better a
    is than b.
    """
    ranked = {k: Ranked(s, label) for k, s in scores.items()}
    row = lambda w: [f(r, w) for f in figures.values() for r in ranked.values()]
    value, drawn = np.array(row(np.ones(len(label)))), np.array([row(w) for w in draws(group, seed)])
    keys = [(f, s) for f in figures for s in scores]
    interval = lambda v, many: (float(v), *(float(x) for x in np.nanquantile(many, [0.025, 0.975])))
    out = {k: interval(value[i], drawn[:, i]) for i, k in enumerate(keys)}
    for i, (f, a) in enumerate(keys):
        for j, (g, b) in enumerate(keys):
            if f == g and a != b:
                out[f, a, b] = interval(value[i] - value[j], drawn[:, i] - drawn[:, j])
    return out
