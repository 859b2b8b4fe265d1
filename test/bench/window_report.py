"""Times Evidently's drift report and whylogs' profile on the same shape of data; prints one JSON line per tool."""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import pandas as pd

rows, features = int(sys.argv[1]), int(sys.argv[2])
random = np.random.default_rng(1)
names = [f"feature_{i}" for i in range(features)]
before = pd.DataFrame(random.standard_normal((rows, features)), columns=names)
now = pd.DataFrame(random.standard_normal((rows, features)), columns=names)


def timed(tool, work):
    try:
        started = time.perf_counter()
        work()
        print(json.dumps({"tool": tool, "seconds": time.perf_counter() - started}), flush=True)
    except Exception as error:  # noqa: BLE001 - a peer that fails is reported, not hidden
        print(json.dumps({"tool": tool, "error": repr(error)[:200]}), flush=True)


def evidently():
    from evidently import Report
    from evidently.presets import DataDriftPreset

    Report([DataDriftPreset()]).run(now, before)


def whylogs():
    import whylogs

    whylogs.log(now).view()


timed("evidently", evidently)
timed("whylogs", whylogs)
