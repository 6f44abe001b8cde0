"""Makes the models and reference answers that hold the tree engine to the libraries that train such models.

The rows are made from a seed here and again in Go (rows_test.go), so only models and answers are kept. In a virtual environment
of requirements-v2.txt, of requirements-v3.txt and of requirements.txt, in this order:

    python make.py train lgb_v2
    python make.py train lgb_v3 xgb_scalar
    python make.py train lgb_numeric ...      (every other name of MODELS; none given: all of this environment)
    python make.py answers

Each model names the library version that must have made it. Answers always come from the newest, reading the file back.
"""

import gzip
import hashlib
import json
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
FEATURES, ROWS, TRAINING = 24, 10_000, 20_000
SEED, TRAINING_SEED = 20_260_101, 7
PROBABILITIES = 500  # of the LightGBM models: their raw scores decide, bit by bit

# What a feature of a test row is now and then, besides missing.
ODD = [0.0, -0.0, 5e-324, 1e-36, -1e-36, 1.0000000180025095e-35, -1.0000000180025095e-35, 1.0000000180025097e-35, 1e-46, 1e-300, 1e30, -1e30,
       3e38, -3e38, -1.0, -0.5, -0.99, 0.1, 3.7, 39.999, 65536.0, 2147483647.0, 2147483648.0, -2147483649.0, 4294967297.0, 1e19]


def draw(seed, rows, k):
    """The k-th 64 random bits (splitmix64 of a counter) of every cell: rows x FEATURES."""
    cell = np.arange(rows * FEATURES, dtype=np.uint64).reshape(rows, FEATURES)
    z = np.uint64(seed) + (cell * np.uint64(8) + np.uint64(k + 1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def make_rows(seed, rows, odd):
    """Features 0-13 are smooth, 14-17 lie on a grid, 18-20 are small counts, 21-23 categories. odd: test rows, with thresholds hit and odd values."""
    u = [draw(seed, rows, k) for k in range(6)]
    unit = [(v >> np.uint64(11)).astype(np.float64) * 2.0**-53 for v in u[:3]]
    x = (unit[0] + unit[1] + unit[2]) * 2.0 - 3.0
    grid = ((u[0] >> np.uint64(58)).astype(np.float64) - 32.0) / 32.0
    if odd:  # half way to the next point, where LightGBM's thresholds are, and the doubles around it; and those around a point, where XGBoost's are
        jitter = u[1] & np.uint64(7)
        half = grid + 1.0 / 64.0
        up = np.nextafter(half, np.inf)
        below, above = np.nextafter(grid, -np.inf), np.nextafter(grid, np.inf)
        grid = np.where(jitter == 0, half, grid)
        grid = np.where(jitter == 1, up, grid)
        grid = np.where(jitter == 2, np.nextafter(half, -np.inf), grid)
        grid = np.where(jitter == 3, np.nextafter(up, np.inf), grid)
        grid = np.where(jitter == 4, below, grid)
        grid = np.where(jitter == 5, above, grid)
    x[:, 14:18] = grid[:, 14:18]
    count = (u[0] >> np.uint64(61)).astype(np.float64) - 4.0
    x[:, 18:20] = np.maximum(count, 0.0)[:, 18:20]
    x[:, 20] = count[:, 20]
    for column, categories in ((21, 40), (22, 7), (23, 200)):
        x[:, column] = (u[0][:, column] % np.uint64(categories)).astype(np.float64)
    x[u[3] % np.uint64(16) == 0] = np.nan
    if odd:
        values = np.array(ODD)[(u[4] % np.uint64(len(ODD))).astype(np.int64)]
        x = np.where(u[3] % np.uint64(64) == 1, values, x)
    return x


def training_set():
    x = make_rows(TRAINING_SEED, TRAINING, odd=False)
    x[:, 5:7] = np.nan_to_num(x[:, 5:7])  # two features that never were missing
    v = np.nan_to_num(x)
    score = (1.2 * v[:, 0] + v[:, 1] * v[:, 2] - 0.7 * v[:, 5] + 0.9 * np.isnan(x[:, 3]) + v[:, 14] * 2 + np.abs(v[:, 15]) - 0.6 * (v[:, 18] == 0)
             + 0.4 * v[:, 20] + 0.8 * (v[:, 21] % 3 == 1) + 0.5 * (v[:, 23] % 7 < 2) + 0.3 * v[:, 9] * v[:, 17] - 1.5)
    noise = (draw(99, TRAINING, 0)[:, 0] >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return x, score, (1 / (1 + np.exp(-score)) > noise).astype(np.float64)


def lightgbm(path, rounds, categorical=(), target="class", version="4.6.0", edit=None, frame=False, **params):
    import lightgbm as lgb
    expect("lightgbm", lgb.__version__, version)
    x, score, label = training_set()
    if frame:
        import pandas
        x = pandas.DataFrame(x, columns=[f"f{i}" for i in range(FEATURES)])
        for c in categorical:
            x.iloc[:, c] = x.iloc[:, c]
            x = x.assign(**{f"f{c}": pandas.Categorical(x[f"f{c}"])})
    data = lgb.Dataset(x, score if target == "value" else label, categorical_feature=[f"f{c}" for c in categorical] if frame else list(categorical))
    settings = dict(objective="binary", num_leaves=31, learning_rate=0.1, seed=7, deterministic=True, force_row_wise=True, num_threads=1, verbose=-1)
    text = lgb.train({**settings, **params}, data, rounds).model_to_string()
    write(path, (edit(text) if edit else text).encode())


def one_leaf(text):
    """A tree of one leaf in the middle, an infinite threshold, and no tree_sizes: all of which LightGBM reads."""
    lines = [line for line in text.split("\n") if not line.startswith("tree_sizes=")]
    start, end = lines.index("Tree=2"), lines.index("Tree=3")
    lines[start:end] = ["Tree=2", "num_leaves=1", "num_cat=0", "leaf_value=0.12345678901234567", "is_linear=0", "shrinkage=1", "", ""]
    at = next(i for i, line in enumerate(lines) if line.startswith("threshold="))
    thresholds = lines[at].split(" ")
    lines[at] = " ".join(["threshold=inf"] + thresholds[1:-1] + ["-inf"])
    return "\n".join(lines)


def xgboost(path, rounds, target="class", version="3.2.0", **params):
    import xgboost as xgb
    expect("xgboost", xgb.__version__, version)
    x, score, label = training_set()
    settings = dict(objective="binary:logistic", tree_method="hist", max_depth=5, seed=7, nthread=1)
    names = [f"f{i}" for i in range(FEATURES)] if path.endswith("ubj") else None
    booster = xgb.train({**settings, **params}, xgb.DMatrix(x, score if target == "value" else label, feature_names=names), rounds)
    write(path, bytes(booster.save_raw(raw_format=path.split(".")[-1])))


# name -> (file ending, maker, its settings)
CATEGORIES = dict(categorical=(21, 22, 23), max_cat_threshold=16, min_data_per_group=20)
MODELS = {
    "lgb_numeric": ("txt", lightgbm, dict(rounds=200)),
    "lgb_categorical": ("txt", lightgbm, dict(rounds=40, num_leaves=15, frame=True, **CATEGORIES)),
    "lgb_forest": ("txt", lightgbm, dict(rounds=20, boosting="rf", bagging_freq=1, bagging_fraction=0.6, feature_fraction=0.7)),
    "lgb_zero": ("txt", lightgbm, dict(rounds=30, num_leaves=15, zero_as_missing=True)),
    "lgb_nomissing": ("txt", lightgbm, dict(rounds=30, num_leaves=15, use_missing=False, **CATEGORIES)),
    "lgb_oneleaf": ("txt", lightgbm, dict(rounds=5, num_leaves=7, edit=one_leaf)),
    "lgb_sigmoid": ("txt", lightgbm, dict(rounds=20, sigmoid=2.5, boosting="dart", num_leaves=15)),
    "lgb_regression": ("txt", lightgbm, dict(rounds=30, target="value", objective="regression", num_leaves=15)),
    "lgb_deep": ("txt", lightgbm, dict(rounds=6, num_leaves=127, min_data_in_leaf=1)),
    "lgb_v2": ("txt", lightgbm, dict(rounds=15, num_leaves=15, version="2.2.3", **CATEGORIES)),
    "lgb_v3": ("txt", lightgbm, dict(rounds=15, num_leaves=15, version="3.3.5", **CATEGORIES)),
    "xgb_vector": ("json", xgboost, dict(rounds=40)),
    "xgb_scalar": ("json", xgboost, dict(rounds=20, base_score=0.2, version="1.7.6")),
    "xgb_binary": ("ubj", xgboost, dict(rounds=200, grow_policy="lossguide", max_depth=0, max_leaves=31)),
    "xgb_dart": ("json", xgboost, dict(rounds=30, booster="dart", rate_drop=0.2, max_depth=4)),
    "xgb_regression": ("ubj", xgboost, dict(rounds=40, target="value", objective="reg:squarederror", max_depth=4)),
}


def expect(library, found, wanted):
    if found != wanted:
        sys.exit(f"{library} {found} is installed, {wanted} makes this model")


def write(path, content):
    with open(path + ".gz", "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as z:
        z.write(content)


def read(path):
    with gzip.open(path + ".gz") as f:
        return f.read()


def answer(name, ending, x):
    """Raw scores, and probabilities (LightGBM: of the first rows), little-endian; and what was asked."""
    model = read(os.path.join(HERE, f"{name}.{ending}"))
    if ending == "txt":
        import lightgbm as lgb
        expect("lightgbm", lgb.__version__, "4.6.0")
        booster = lgb.Booster(model_str=model.decode())
        raw = booster.predict(x, raw_score=True, num_threads=1).astype("<f8")
        return raw, booster.predict(x[:PROBABILITIES], num_threads=1).astype("<f8"), "lightgbm 4.6.0"
    import xgboost as xgb
    expect("xgboost", xgb.__version__, "3.2.0")
    booster = xgb.Booster(model_file=bytearray(model))
    data = xgb.DMatrix(x, feature_names=booster.feature_names)
    return booster.predict(data, output_margin=True).astype("<f4"), booster.predict(data).astype("<f4"), "xgboost 3.2.0"


def answers():
    x = make_rows(SEED, ROWS, odd=True)
    sha = lambda content: hashlib.sha256(content).hexdigest()
    manifest = {"seed": SEED, "rows": ROWS, "features": FEATURES, "rows_sha256": sha(x.astype("<f8").tobytes()), "models": []}
    for name, (ending, _, settings) in MODELS.items():
        raw, probability, library = answer(name, ending, x)
        content = raw.tobytes() + probability.tobytes()
        write(os.path.join(HERE, f"{name}.answers"), content)
        made_by = library.split()[0] + " " + settings.get("version", library.split()[1])
        manifest["models"].append({"name": name, "file": f"{name}.{ending}.gz", "made_by": made_by, "answered_by": library, "raw": len(raw),
                                   "probabilities": len(probability), "model_sha256": sha(read(os.path.join(HERE, f"{name}.{ending}"))), "answers_sha256": sha(content)})
    with open(os.path.join(HERE, "manifest.json"), "w") as f:
        json.dump(manifest, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    if sys.argv[1] == "train":
        for name in sys.argv[2:] or [n for n, (_, _, s) in MODELS.items() if "version" not in s]:
            ending, make, settings = MODELS[name]
            make(os.path.join(HERE, f"{name}.{ending}"), **settings)
    else:
        answers()
