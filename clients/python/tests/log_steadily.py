"""Logs so many predictions at 2,000 a second, then waits until all are stored, and prints what became of them."""

import json
import sys
import time
from dataclasses import asdict

from mlfi_client import Mlfi

url, key, model, rows = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
client = Mlfi(url, key, flush_every_seconds=0.1)
monitor = client.model(model)
started = time.perf_counter()
for i in range(rows):
    monitor.log(features={"a": i % 10, "b": float(i)}, prediction="yes" if i % 3 else "no", confidence=0.9, id=f"p{i}")
    ahead = i / 2_000 - (time.perf_counter() - started)
    if ahead > 0.005:
        time.sleep(ahead)
client.flush(120)
print(json.dumps(asdict(client.stats())))
