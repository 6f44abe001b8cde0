"""Times the tree engine, native LightGBM and ONNX Runtime on the rows and the model lgb_numeric of make.py, one thread each, and prints JSON.

    python sidebyside.py [passes]     (in an environment of requirements.txt, with go in the path)

Nanoseconds of processor time per row, which other work on the machine stretches least: the median over passes and the best of them. call is the best
for a model of one leaf, that is for crossing from Python into the library and back. LightGBM is called through its C interface, a single row by its
fast single-row function. A pass is 256 calls for a single row, 1,024 rows otherwise; rows take turns. difference is the largest one in probability
from LightGBM's.
"""

import ctypes
import json
import os
import re
import statistics
import subprocess
import sys
import time

import lightgbm as lgb
import numpy as np
import onnxmltools
import onnxruntime
from onnxmltools.convert.common.data_types import FloatTensorType

import make

BATCHES = [1, 64, 1024]
SINGLE_THREAD = b"num_threads=1 predict_disable_shape_check=true"


def native(booster):
    """score(rows) through LightGBM's C interface; float64 in and out."""
    lib, handle, answer, length = lgb.basic._LIB, booster._handle, np.empty(max(BATCHES)), ctypes.c_int64()
    to, fast = answer.ctypes.data_as(ctypes.c_void_p), ctypes.c_void_p()
    columns, kind = ctypes.c_int32(make.FEATURES), ctypes.c_int(1)
    check(lib.LGBM_BoosterPredictForMatSingleRowFastInit(handle, 0, 0, -1, kind, columns, SINGLE_THREAD, ctypes.byref(fast)))
    out = ctypes.byref(length)

    def score(rows, address):
        if len(rows) == 1:
            check(lib.LGBM_BoosterPredictForMatSingleRowFast(fast, address, out, to))
        else:
            check(lib.LGBM_BoosterPredictForMat(handle, address, kind, ctypes.c_int32(len(rows)), columns, 1, 0, 0, -1, SINGLE_THREAD, out, to))
        return answer[:len(rows)]

    return score, np.float64


def check(code):
    if code != 0:
        sys.exit(lgb.basic._LIB.LGBM_GetLastError())


def onnx(booster):
    """score(rows) through ONNX Runtime; float32 in and out."""
    model = onnxmltools.convert_lightgbm(booster, initial_types=[("rows", FloatTensorType([None, make.FEATURES]))], zipmap=False, target_opset=15)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda rows, _: session.run(["probabilities"], {"rows": rows})[0][:, 1], np.float32


def passes(score, rows, batch, count):
    """Nanoseconds per row of each pass, and the answers to all rows."""
    parts = [np.ascontiguousarray(rows[at:at + batch]) for at in range(0, len(rows) - batch + 1, batch)]
    calls = [(part, part.ctypes.data_as(ctypes.c_void_p)) for part in parts]
    answers = np.concatenate([score(*call).copy() for call in calls])
    each = max(1, (256 if batch == 1 else 1024) // batch)
    out = []
    for i in range(count):
        turn = [calls[(i * each + k) % len(calls)] for k in range(each)]
        begun = time.thread_time_ns()
        for part, address in turn:
            score(part, address)
        out.append((time.thread_time_ns() - begun) / (each * batch))
    return out, answers


def figures(runs):
    return {"median": round(statistics.median(runs)), "best": round(min(runs))}


def andon(count):
    """The Go benchmark's figures by batch."""
    folder = os.path.dirname(make.HERE)
    text = subprocess.run(["go", "test", "-run", "^$", "-bench", "Score/lgb_numeric", "-benchtime", "100ms", "-count", str(min(count, 10)), "."],
                          cwd=folder, env={**os.environ, "GOMAXPROCS": "1"}, check=True, capture_output=True, text=True).stdout
    found = re.findall(r"rows=(\d+)\s.*?([\d.]+) cpu-ns/row", text)
    return {b: figures([float(ns) for at, ns in found if int(at) == b]) for b in BATCHES}


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    x = make.make_rows(make.SEED, make.ROWS, odd=True)
    booster = lgb.Booster(model_str=make.read(os.path.join(make.HERE, "lgb_numeric.txt")).decode())
    leaf = lgb.train(dict(objective="binary", verbose=-1, min_data_in_leaf=make.TRAINING), lgb.Dataset(*make.training_set()[::2]), 1)
    want = booster.predict(x, num_threads=1)
    report = {"model": "lgb_numeric: 200 trees of 31 leaves, 24 features", "rows": make.ROWS, "passes": count,
              "lightgbm": lgb.__version__, "onnxruntime": onnxruntime.__version__, "andon": andon(count)}
    for name, engine in (("lightgbm_native", native), ("onnx_runtime", onnx)):
        (score, kind), (empty, _) = engine(booster), engine(leaf)
        rows = x.astype(kind)
        report[name] = {}
        for batch in BATCHES:
            runs, answers = passes(score, rows, batch, count)
            report[name][batch] = {**figures(runs), "call": figures(passes(empty, rows, batch, count)[0])["best"],
                                   "difference": float(np.abs(answers - want[:len(answers)]).max())}
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
