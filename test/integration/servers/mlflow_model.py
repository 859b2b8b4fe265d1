"""Trains and saves a scikit-learn model and serves it with MLflow's own scoring application, in this process, so that
killing it kills all of it (`mlflow models serve` starts the same application in workers of their own session).
Usage: mlflow_model.py PORT"""
import os
import sys
import tempfile

import mlflow.pyfunc
import mlflow.sklearn
from mlflow.pyfunc import scoring_server
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

data = load_iris()
folder = os.path.join(tempfile.mkdtemp(), "model")
mlflow.sklearn.save_model(DecisionTreeClassifier(random_state=1).fit(data.data, data.target), folder)
scoring_server.init(mlflow.pyfunc.load_model(folder)).run(host="127.0.0.1", port=int(sys.argv[1]))
