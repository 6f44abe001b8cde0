"""Reads what `andon dataset export` wrote, and splits it by time without tearing a group apart."""

import csv
import json

import numpy as np

PREFIX = "x_"


class Data:
    """Labelled, mature rows in the order they were judged."""

    def __init__(self, note, columns):
        self.note = note
        self.names = [f["name"] for f in note["features"]]
        x = np.column_stack([floats(columns[PREFIX + n]) for n in self.names])
        needed = [i for i, f in enumerate(note["features"]) if f["missing"] == "needed"]
        label, mature = floats(columns["label"]), floats(columns["mature"])
        keep = ~np.isnan(label) & (mature == 1) & ~np.isnan(x[:, needed]).any(axis=1)  # without a needed feature no model is asked
        self.read, self.unlabelled = len(label), int(np.isnan(label).sum())
        self.immature = int((~np.isnan(label) & (mature != 1)).sum())
        at = floats(columns["judged_at"])
        order = np.lexsort((np.asarray(columns["verdict_id"], dtype=str), at))
        order = order[keep[order]]
        self.x, self.y = x[order], label[order]
        self.at, self.known = at[order], floats(columns["matures_at"])[order]
        text = lambda name: np.asarray(columns[name], dtype=str)[order]
        self.group, self.rule, self.source = text("group"), (text("rule_says") == "raise").astype(float), text("label_source")
        self.abstains = float(np.mean(text("rule_says") == "abstains")) if len(order) else 0.0

    def feature(self, name):
        return self.x[:, self.names.index(name)]


def read(path):
    """Parquet, or CSV for tools that have no Parquet."""
    if path.endswith(".csv"):
        with open(path, newline="") as f:
            note = json.loads(f.readline()[2:])
            rows = csv.reader(f)
            names = next(rows)
            columns = dict(zip(names, zip(*rows)))
        return Data(note, columns)
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    note = json.loads(table.schema.metadata[b"andon"])
    columns = {}
    for name in table.column_names:
        column = table.column(name)
        if pyarrow.types.is_timestamp(column.type):
            column = column.cast(pyarrow.int64())
        columns[name] = column.to_pylist() if pyarrow.types.is_string(column.type) else column.cast(pyarrow.float64()).to_numpy()
    return Data(note, columns)


def floats(column):
    if isinstance(column, np.ndarray):
        return column.astype(float)
    return np.array([float(v) if v != "" else np.nan for v in column])


def rolling(d, folds=5, first=0.4):
    """Rolling origin: train on what was known by then, test on the next stretch; (train, test) row numbers.

    A group stands where its first row stands, whole; one whose label was not known when the test began is trained on later.
    """
    _, start, place = np.unique(d.group, return_index=True, return_inverse=True)  # rows are in time order
    begins = d.at[start][place]
    known = np.zeros(len(start))
    np.maximum.at(known, place, d.known)
    known = known[place]
    edges = np.quantile(d.at[start], np.linspace(first, 1, folds + 1))
    edges[-1] = np.inf
    for lo, hi in zip(edges[:-1], edges[1:]):
        train, test = np.flatnonzero(known <= lo), np.flatnonzero((begins >= lo) & (begins < hi))
        if len(train) and len(test) and 0 < d.y[train].sum() < len(train):
            yield train, test
