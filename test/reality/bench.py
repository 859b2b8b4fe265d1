"""npm run bench:reality -- [--group judge|tune] [--repetitions 4] [--healthy 14] [--out file] [--score file] [--only words]"""

import argparse
import json
import os
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import score
from kinds import KINDS
from service import Exporter
from worlds import HEALTHY, REPETITIONS, healthy, of_group, world_of


def played(exporter: Exporter, w, lines, live: bool) -> dict:
    began = time.time()
    told = exporter.told(f"m{w.number}", lines, live)
    kind = w.kind
    truth = kind and kind.features(w)
    segment = w.segment if kind and (kind.mode == "segment" or "one segment" in kind.name) else None
    return {
        "world": w.name,
        "kind": kind.name if kind else None,
        "healthy": w.healthy,
        "data": w.data.name,
        "traffic": w.traffic,
        "labels": w.labels,
        "rows": len(w.rows),
        "onset": w.onset,
        "days": (w.end - w.start) / 86_400_000,
        "clean_days": (w.onset - w.start) / 86_400_000,
        "features": sorted(truth) if truth is not None else None,
        "segment": segment,
        "first": w.first or w.onset,
        "active": w.active,
        "shown": w.shown,
        "changed": w.changed,
        "seconds": round(time.time() - began, 1),
        **told,
    }


def jobs(arguments, now_ms: int):
    """What makes each world, the first repetition of all kinds first."""
    kinds = [k for k in (of_group(arguments.group) if not arguments.only else KINDS) if not arguments.only or arguments.only in k.name]
    for repetition in range(arguments.repetitions):
        for kind in kinds:
            yield f"{kind.name} #{repetition}", lambda kind=kind, repetition=repetition: world_of(kind, repetition, now_ms)
        if repetition == 0:
            for k in range(min(arguments.healthy, len(HEALTHY))):
                yield HEALTHY[k][0], lambda k=k: healthy(k, now_ms, arguments.days)


def run(arguments) -> list[dict]:
    now_ms, results, failures, passed_over = int(time.time() * 1000), [], [], []
    with Exporter() as exporter, open(arguments.out, "w") as out, ThreadPoolExecutor(arguments.jobs) as pool:

        def one(job):
            name, make = job
            try:
                made = make()
                w, lines, passed = made
                passed_over.extend(passed)
                if w is None:
                    return
                result = played(exporter, w, lines, arguments.live)
                results.append(result)
                out.write(json.dumps(result) + "\n")
                out.flush()
            except Exception:
                failures.append(name)
                print(f"FAILED: {name}\n{traceback.format_exc()}", file=sys.stderr)

        list(pool.map(one, jobs(arguments, now_ms)))
        out.write(json.dumps({"passed_over": passed_over, "failures": failures}) + "\n")
    print("\n".join(["Passed over:", *passed_over]), file=sys.stderr)
    print(f"{len(results)} worlds in {(time.time() * 1000 - now_ms) / 60_000:.1f} min; failed: {failures or 'none'}", file=sys.stderr)
    return results


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--group", default="judge", choices=["judge", "tune"])
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--healthy", type=int, default=len(HEALTHY))
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--live", action="store_true", help="send rows to watched models, in real time, not as a history")
    parser.add_argument("--only", default="")
    parser.add_argument("--out", default=os.path.join(os.path.dirname(__file__), "artifacts", "results.jsonl"))
    parser.add_argument("--score", default="")
    arguments = parser.parse_args()
    os.makedirs(os.path.dirname(os.path.abspath(arguments.out)), exist_ok=True)
    if arguments.score:
        with open(arguments.score) as lines:
            results = [result for result in map(json.loads, lines) if "world" in result]
    else:
        results = run(arguments)
    print(score.report(results))


if __name__ == "__main__":
    main()
