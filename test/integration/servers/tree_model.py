"""A random forest trained on UCI Adult behind HTTP, and what the `shap` package says of some of its rows."""

import gzip
import sys
from pathlib import Path

import numpy as np
import shap
import uvicorn
from fastapi import FastAPI
from sklearn.ensemble import RandomForestClassifier

DATA = Path(__file__).parents[2] / "data" / "adult" / "adult.data.csv.gz"
EXPLAINED = 20
BACKGROUND = 1

with gzip.open(DATA, "rt") as file:
    header, *lines = file.read().strip().split("\n")
rows = [[cell.strip() for cell in line.split(",")] for line in lines]
rows = [row for row in rows if len(row) == 15]
names = [f"column_{i}" for i in range(14)]
codes = []
for i in range(14):
    column = [row[i] for row in rows]
    if column[0].lstrip("-").isdigit():
        codes.append([float(cell) for cell in column])
    else:
        seen = {}
        codes.append([float(seen.setdefault(cell, len(seen))) for cell in column])
x = np.array(codes).T
y = np.array([row[14] == ">50K" for row in rows])

model = RandomForestClassifier(n_estimators=40, max_depth=8, min_samples_leaf=20, random_state=0, n_jobs=1)
model.fit(x[:10_000], y[:10_000])
background = x[10_000 : 10_000 + BACKGROUND]
explained = x[20_000 : 20_000 + EXPLAINED]
explainer = shap.TreeExplainer(model, background, feature_perturbation="interventional", model_output="probability")
values = np.array(explainer.shap_values(explained, check_additivity=True))
# Older versions give one array per class, newer ones a last axis of classes.
values = values[1] if values.shape[0] == 2 else values[:, :, 1]

app = FastAPI()


@app.get("/reference")
def reference():
    return {
        "version": shap.__version__,
        "names": names,
        "background": background.tolist(),
        "rows": explained.tolist(),
        "values": values.tolist(),
    }


@app.post("/predict")
def predict(features: dict[str, float | None]):
    row = np.array([[features[name] for name in names]])
    return {"confidence": float(model.predict_proba(row)[0, 1])}


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
