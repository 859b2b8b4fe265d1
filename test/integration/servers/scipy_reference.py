"""Reads cases as JSON from stdin, prints what SciPy and scikit-learn make of them."""

import json
import sys

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

request = json.load(sys.stdin)
answers = []
for case in request["cases"]:
    x, y, before, now = (np.array(case[key], dtype=float) for key in ("x", "y", "before", "now"))
    table = np.array([before, now])
    table = table[:, table.sum(axis=0) > 0]
    answers.append(
        {
            "ks": list(stats.ks_2samp(x, y, method="exact"))[:2],
            "welch": list(stats.ttest_ind(x, y, equal_var=False))[:2],
            "brownForsythe": list(stats.levene(x, y, center="median"))[:2],
            "wasserstein": stats.wasserstein_distance(x, y),
            "chiSquared": list(stats.chi2_contingency(table, correction=False))[:2],
            "jensenShannon": jensenshannon(before, now, base=2),
            "clopperPearsonUpper": stats.beta.ppf(0.95, case["k"] + 1, case["n"] - case["k"]) if case["k"] < case["n"] else 1.0,
        }
    )
forests = []
for data in request["forests"]:
    rows, labels = np.array(data["rows"]), data["labels"]
    forest = IsolationForest(n_estimators=100, max_samples=256, random_state=0).fit(rows)
    forests.append(roc_auc_score(labels, -forest.score_samples(rows)))
json.dump({"answers": answers, "forests": forests}, sys.stdout, default=float)
