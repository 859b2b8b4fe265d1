"""Change rules of river and frouros for detection.ts.

Reads one JSON request per line: {"rule", "strictness", "file", "runs", "length", "baseline"}; the file holds
runs x length float64. Answers one line per request: the sample of the first alarm after the baseline in each run, or null.
The baseline is fed to the rule first, as all rules here learn from the stream; alarms inside it are not counted.
"""

import json
import math
import sys

import numpy as np
from frouros.detectors.concept_drift import DDM as FrourosDDM
from frouros.detectors.concept_drift import HDDMA as FrourosHDDMA
from frouros.detectors.concept_drift import DDMConfig, HDDMAConfig
from river.drift import ADWIN, KSWIN, PageHinkley
from river.drift.binary import DDM, EDDM, HDDM_A, HDDM_W


class Frouros:
    def __init__(self, detector):
        self.detector = detector
        self.drift_detected = False

    def update(self, value):
        self.detector.update(value=value)
        self.drift_detected = self.detector.status["drift"]


# Strictness in the unit of rules.ts: -log10 of a significance, or the rule's own threshold.
RULES = {
    "river ADWIN": lambda s: ADWIN(delta=10**-s),
    "river Page-Hinkley": lambda s: PageHinkley(threshold=s),
    "river KSWIN": lambda s: KSWIN(alpha=10**-s, seed=1),
    "river DDM": lambda s: DDM(drift_threshold=s, warning_threshold=min(2.0, s)),
    "river HDDM_A": lambda s: HDDM_A(drift_confidence=10**-s, warning_confidence=max(0.005, 10**-s)),
    "river HDDM_W": lambda s: HDDM_W(drift_confidence=10**-s, warning_confidence=max(0.005, 10**-s)),
    "frouros DDM": lambda s: Frouros(FrourosDDM(config=DDMConfig(drift_level=max(s, 0.01), warning_level=min(2.0, s / 2)))),
    "frouros HDDM_A": lambda s: Frouros(FrourosHDDMA(config=HDDMAConfig(alpha_d=10**-s, alpha_w=max(0.005, 10**-s)))),
}


def first_alarm(make, values, baseline):
    rule = make()
    for value in values[:baseline]:
        rule.update(value)
        if rule.drift_detected:
            rule = make()
    for at, value in enumerate(values[baseline:], start=1):
        rule.update(value)
        if rule.drift_detected:
            return at
    return None


for line in sys.stdin:
    request = json.loads(line)
    data = np.fromfile(request["file"]).reshape(request["runs"], request["length"])
    binary = request["rule"].split(" ")[1] in ("DDM", "EDDM", "HDDM_A", "HDDM_W")
    rows = data.astype(bool).tolist() if binary and request["rule"].startswith("river") else data.tolist()
    make = RULES[request["rule"]]
    print(json.dumps([first_alarm(lambda: make(request["strictness"]), row, request["baseline"]) for row in rows]), flush=True)
