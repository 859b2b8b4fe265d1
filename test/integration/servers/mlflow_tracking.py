"""A real MLflow tracking server with its registry, on files in a folder that goes with it. Argument: port."""

import os
import sys
import tempfile

os.environ["GIT_PYTHON_REFRESH"] = "quiet"
folder = tempfile.TemporaryDirectory(prefix="mlfi-mlflow-")
store = f"{folder.name}/store"
os.environ["_MLFLOW_SERVER_FILE_STORE"] = store
os.environ["_MLFLOW_SERVER_REGISTRY_STORE"] = store
os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = f"{folder.name}/artifacts"

from mlflow.server import app  # noqa: E402
from mlflow.server.handlers import initialize_backend_stores  # noqa: E402

initialize_backend_stores(store, store, f"{folder.name}/artifacts")
app.run(host="127.0.0.1", port=int(sys.argv[1]), threaded=True)
