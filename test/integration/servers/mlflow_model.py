"""Trains and saves a scikit-learn model and serves it with MLflow's own scoring application, in this process, so that
killing it kills all of it (`mlflow models serve` starts the same application in workers of their own session).
Below /signed is a model whose signature has an array, a binary and an optional column, below /tensors one with two tensors by name.
Usage: mlflow_model.py PORT"""
import os
import sys
import tempfile

import mlflow.pyfunc
import mlflow.sklearn
import numpy
import pandas
from mlflow.models import ModelSignature
from mlflow.pyfunc import scoring_server
from mlflow.types import ColSpec, DataType, Schema, TensorSpec
from mlflow.types.schema import Array
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import run_simple

data = load_iris()
folder = os.path.join(tempfile.mkdtemp(), "model")
mlflow.sklearn.save_model(DecisionTreeClassifier(random_state=1).fit(data.data, data.target), folder)


class Picture(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        row = model_input.iloc[0]
        assert row["image"].startswith(b"\x89PNG"), "not a picture"
        share = 1 / (1 + sum(row["embedding"]))
        return pandas.DataFrame([{"label": "cat", "probability_cat": 1 - share, "probability_dog": share}])


class Tensors(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        assert model_input["x"].shape == (1, 3) and model_input["y"].shape == (1, 2, 2)
        return numpy.array([[0.2, 0.8]])


def served(model, *inputs):
    """MLflow's own scoring application for a model with these inputs in its signature."""
    place = os.path.join(tempfile.mkdtemp(), "model")
    mlflow.pyfunc.save_model(place, python_model=model, signature=ModelSignature(inputs=Schema(list(inputs))))
    return scoring_server.init(mlflow.pyfunc.load_model(place))


signed = served(
    Picture(),
    ColSpec(Array(DataType.double), "embedding"),
    ColSpec(DataType.binary, "image"),
    ColSpec(DataType.datetime, "taken", required=False),
)
tensors = served(
    Tensors(),
    TensorSpec(numpy.dtype("float32"), (-1, 3), "x"),
    TensorSpec(numpy.dtype("int64"), (-1, 2, 2), "y"),
)
app = scoring_server.init(mlflow.pyfunc.load_model(folder))
run_simple("127.0.0.1", int(sys.argv[1]), DispatcherMiddleware(app, {"/signed": signed, "/tensors": tensors}))
