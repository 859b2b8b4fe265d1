"""FastAPI + scikit-learn: a flower classifier that publishes its OpenAPI document. Usage: fastapi_model.py PORT"""
import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

data = load_iris()
model = LogisticRegression(max_iter=1000).fit(data.data, data.target)
app = FastAPI(title="iris", version="3")


class Flower(BaseModel):
    sepal_length: float = Field(ge=4, le=8)
    sepal_width: float = Field(ge=2, le=5)
    petal_length: float = Field(ge=1, le=7)
    petal_width: float = Field(ge=0, le=3)


@app.post("/predict")
def predict(flower: Flower):
    row = [[flower.sepal_length, flower.sepal_width, flower.petal_length, flower.petal_width]]
    probabilities = model.predict_proba(row)[0]
    return {"prediction": str(data.target_names[probabilities.argmax()]), "probabilities": probabilities.tolist(), "model_version": "3"}


uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
