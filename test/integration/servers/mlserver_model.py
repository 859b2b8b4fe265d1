"""MLServer with its scikit-learn runtime, which says nothing of the model's inputs. Usage: mlserver_model.py PORT"""
import json
import os
import sys
import tempfile

import joblib
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

data = load_iris()
folder = tempfile.mkdtemp()
port = int(sys.argv[1])


def write(name, value):
    with open(os.path.join(folder, name), "w", encoding="utf8") as file:
        json.dump(value, file)


os.mkdir(os.path.join(folder, "iris"))
joblib.dump(LogisticRegression(max_iter=1000).fit(data.data, data.target), os.path.join(folder, "iris/model.joblib"))
write("settings.json", {"host": "127.0.0.1", "http_port": port, "grpc_port": port + 1, "metrics_endpoint": None,
                        "parallel_workers": 0, "debug": False})
write("iris/model-settings.json", {"name": "iris", "implementation": "mlserver_sklearn.SKLearnModel",
                                   "parameters": {"uri": "./model.joblib", "version": "v1"}})
os.execv(sys.executable, [sys.executable, "-c", "from mlserver.cli import main; main()", "start", folder])
