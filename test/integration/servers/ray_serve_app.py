"""Ray Serve with an application below its route prefix. Usage: ray_serve_app.py PORT"""
import sys
import time

import ray
from fastapi import FastAPI
from pydantic import BaseModel
from ray import serve

app = FastAPI()


class Review(BaseModel):
    text: str


@serve.deployment
@serve.ingress(app)
class Sentiment:
    @app.post("/classify")
    def classify(self, review: Review):
        return {"label": "positive" if len(review.text) % 2 else "negative", "score": 0.8}


ray.init(num_cpus=2, include_dashboard=False, object_store_memory=80_000_000)
serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[1])})
serve.run(Sentiment.bind(), name="sentiment", route_prefix="/sentiment")
while True:
    time.sleep(60)
