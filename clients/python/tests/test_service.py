"""Against a running mlfi: MLFI_URL and MLFI_KEY (scopes ingest, read, operate) say which; started by test/integration/python-client.test.ts."""

import asyncio
import functools
import json
import logging
import os
import subprocess
import sys
import time
import urllib.request
import uuid

import numpy as np
import pandas as pd
import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient
from mlfi_client import Mlfi
from mlfi_client.asgi import MlfiMiddleware
from sklearn.linear_model import LogisticRegression

URL = os.environ.get("MLFI_URL", "")
KEY = os.environ.get("MLFI_KEY", "")
pytestmark = pytest.mark.skipif(URL == "", reason="MLFI_URL is not set")


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers, method=method)) as answer:
        return json.load(answer)


@pytest.fixture
def model_id():
    return call("POST", "/api/v1/models", {"id": f"m{uuid.uuid4().hex[:10]}"})["id"]


@pytest.fixture
def mlfi():
    client = Mlfi(URL, KEY, flush_every_seconds=0.05)
    yield client
    client.close()


def samples(model_id):
    return call("GET", f"/api/v1/models/{model_id}")["total_samples"]


def test_watches_a_classifier_of_scikit_learn(mlfi, model_id):
    rng = np.random.default_rng(1)
    inputs = pd.DataFrame({"a": rng.normal(size=200), "b": rng.normal(size=200)})
    fitted = LogisticRegression().fit(inputs, inputs.a > 0)

    @mlfi.model(model_id, version="7").watch(classes=["no", "yes"], ids=lambda rows: [f"r{i}" for i in rows.index])
    def predict(rows):
        return fitted.predict_proba(rows)

    assert predict(inputs).shape == (200, 2)
    monitor = mlfi.model(model_id)
    for i in range(50):
        monitor.label(f"r{i}", "yes" if inputs.a[i] > 0 else "no")
    assert mlfi.flush(20)
    assert samples(model_id) == 200
    assert mlfi.stats().stored == 250


def test_an_exception_is_the_callers_and_a_failed_call(mlfi, model_id):
    @mlfi.model(model_id).watch
    def predict(row):
        raise KeyError("no such column")

    with pytest.raises(KeyError):
        predict({"a": 1})
    assert mlfi.flush(20)
    assert (samples(model_id), mlfi.stats().stored) == (1, 1)


def test_watches_methods_and_coroutines(mlfi, model_id):
    monitor = mlfi.model(model_id)

    class Served:
        @monitor.watch
        async def predict(self, row):
            return {"label": "a", "score": 0.9}

    assert asyncio.run(Served().predict({"x": 1}))["label"] == "a"
    assert mlfi.flush(20)
    assert samples(model_id) == 1


def test_logs_a_table(mlfi, model_id):
    frame = pd.DataFrame({"key": ["a", "b"], "age": [1, None], "y_hat": [0, 1], "truth": [0, 0]})
    mlfi.model(model_id).log_dataframe(frame, id="key", prediction="y_hat", label="truth")
    assert mlfi.flush(20)
    assert samples(model_id) == 2


def test_knows_the_columns_of_a_table_by_their_names(mlfi, model_id):
    frame = pd.DataFrame({"age": [1.0, 2.0], "prediction": [0.5, None], "confidence": [0.9, None], "label": [1.0, 0.5]})
    mlfi.model(model_id).log_dataframe(frame)
    assert mlfi.flush(20)
    assert (samples(model_id), mlfi.stats().refused) == (2, 0)


def test_middleware_logs_what_a_fastapi_app_answers(mlfi, model_id):
    app = FastAPI()

    @app.post("/predict")
    def predict(body: dict):
        if "age" not in body:
            raise HTTPException(422, "age is missing")
        if body["age"] < 0:
            raise RuntimeError("negative")
        return {"prediction": "yes", "confidence": 0.8}

    app.add_middleware(MlfiMiddleware, model=mlfi.model(model_id), path="/predict")
    with TestClient(app, raise_server_exceptions=False) as client:
        assert client.post("/predict", json={"age": 3}).json()["prediction"] == "yes"
        assert client.post("/predict", json={"age": -1}).status_code == 500
        assert client.post("/predict", json={}).status_code == 422
        assert client.post("/predict", content=b"x" * 2_000_000).status_code == 422
        assert client.get("/docs").status_code == 200
    assert mlfi.flush(20)
    assert (samples(model_id), mlfi.stats().refused) == (2, 0)


def test_says_counts_and_never_values(mlfi, model_id, caplog):
    with caplog.at_level(logging.DEBUG, logger="mlfi_client"):
        monitor = mlfi.model(model_id)
        monitor.log(features={"card": "CANARY"}, prediction="x", confidence=87)
        monitor.watch(lambda row: [1, 2, 3])([{"card": "CANARY"}, {"card": "CANARY"}])
        assert mlfi.flush(20)
    assert mlfi.stats().refused == 1 and mlfi.stats().unreadable == 1
    assert "bad_confidence 1" in caplog.text
    assert "CANARY" not in caplog.text


def test_a_wrong_key_is_told_and_not_repeated(model_id):
    client = Mlfi(URL, KEY[:-1] + ("A" if KEY[-1] != "A" else "B"), flush_every_seconds=0.05)
    client.model(model_id).log(prediction="x")
    assert client.flush(20)
    assert client.stats().refused == 1


def test_without_mlfi_nothing_waits_and_drops_are_counted():
    client = Mlfi("http://127.0.0.1:9", "mlfi_none", queue_entries=100, flush_every_seconds=0.01, flush_seconds=0.5)
    monitor = client.model("gone")
    before = time.perf_counter()
    for _ in range(5_000):
        monitor.log(features={"a": 1}, prediction="x")
    assert time.perf_counter() - before < 2
    client.close()
    # What the sender's thread holds is counted when it gives up.
    for _ in range(200):
        if client.stats().dropped == 5_000:
            break
        time.sleep(0.05)
    assert client.stats().dropped == 5_000


KINDS = {"n": np.int64(3), "x": np.float64(2.5), "land": "DE", "at": pd.Timestamp("2026-01-01"), "half": np.float32(0.5)}
MATRIX = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
CALLS = {
    "plain values": lambda monitor: lambda: monitor.log(features={f"f{i}": float(i) for i in range(20)}, prediction="x", confidence=0.9),
    "NumPy and pandas values": lambda monitor: lambda: monitor.log(features=KINDS, prediction=np.int64(1), confidence=np.float64(0.9)),
    "a watched function of an array": lambda monitor: functools.partial(monitor.watch(lambda inputs: np.array([[0.2, 0.8]])), MATRIX),
}


@pytest.mark.parametrize("kind", CALLS)
def test_a_call_costs_the_models_thread_at_most_50_microseconds_at_2000_a_second(mlfi, model_id, kind):
    monitor = mlfi.model(model_id)
    call = CALLS[kind](monitor)
    call()
    costs = []
    begun = time.perf_counter()
    for i in range(2_000):
        before = time.perf_counter()
        call()
        costs.append(time.perf_counter() - before)
        ahead = (i + 1) / 2_000 - (time.perf_counter() - begun)
        if ahead > 0:
            time.sleep(ahead)
    print(f"{kind}: median {sorted(costs)[1_000] * 1e6:.1f} us")
    assert sorted(costs)[1_000] <= 50e-6
    assert mlfi.flush(30)
    assert samples(model_id) == 2_001


def test_a_process_that_ends_sends_what_it_has(model_id):
    script = f"""
from mlfi_client import Mlfi
monitor = Mlfi({URL!r}, {KEY!r}, flush_every_seconds=60).model({model_id!r})
for i in range(300):
    monitor.log(features={{'a': i}}, prediction='x')
"""
    subprocess.run([sys.executable, "-c", script], check=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert samples(model_id) == 300


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_sends_its_own_rows_once(mlfi, model_id):
    monitor = mlfi.model(model_id)
    for _ in range(10):
        monitor.log(prediction="parent")
    child = os.fork()
    if child == 0:
        monitor.log(prediction="child")
        os._exit(0 if mlfi.flush(20) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert mlfi.flush(20)
    assert samples(model_id) == 11
