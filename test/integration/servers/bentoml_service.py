"""A BentoML service of one function. Usage: bentoml_service.py PORT"""
import os
import sys

import bentoml


@bentoml.service
class Iris:
    def __init__(self) -> None:
        from sklearn.datasets import load_iris
        from sklearn.linear_model import LogisticRegression

        self.data = load_iris()
        self.model = LogisticRegression(max_iter=1000).fit(self.data.data, self.data.target)

    @bentoml.api
    def classify(self, sepal_length: float = 5.1, sepal_width: float = 3.5, petal_length: float = 1.4) -> dict:
        shares = self.model.predict_proba([[sepal_length, sepal_width, petal_length, 0.2]])[0]
        return {"label": str(self.data.target_names[shares.argmax()]), "probabilities": shares.tolist()}


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    cli = [sys.executable, "-m", "bentoml", "serve", "bentoml_service:Iris", "--host", "127.0.0.1", "--port", sys.argv[1]]
    os.execv(sys.executable, cli)
