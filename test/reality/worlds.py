"""A world: one model of one data set, its traffic and labels, and one kind of fault from some time on (or none)."""

import json
import math
import random
import zlib
from dataclasses import dataclass, field

import numpy as np
from data import DataSet, data_set
from detectable import most_moved
from kinds import KINDS, Kind

HOUR, DAY = 3_600_000, 86_400_000
REPETITIONS = 4  # worlds of a kind, each on another data set
# rows a day, clean days, faulty days
TRAFFIC = {
    "dense": (480, 4, 2),
    "diurnal": (480, 4, 2),
    "bursts": (480, 4, 2),
    "nightly": (480, 5, 3),
    "sparse": (48, 40, 15),
    "office": (480, 7, 4),
}
LABELS = ["at once", "a day late", "a tenth", "never"]
SETS = {  # which kinds fit, by what they need
    "diamonds": "cat cat2 num2 num3 quantity labels",
    "loans": "cat cat2 num2 num3 classes binary labels",
    "doctor": "cat cat2 num2 num3 quantity labels",
    "yeast": "num2 num3 classes binary labels",
    "demand": "num2 num3 quantity labels",
    "penguins": "cat num2 num3 classes labels",
    "cancer": "num2 num3 classes binary labels",
    "tweets": "cat classes binary labels text hour",
    "flights": "cat cat2 num2 num3 classes binary labels hour",
    "caravan": "num2 num3 classes labels",
}


@dataclass
class World:
    number: int
    kind: Kind | None
    data: DataSet
    traffic: str
    labels: str
    start: int
    onset: int
    end: int
    healthy: str = ""
    rows: list = field(default_factory=list)
    memo: dict = field(default_factory=dict)
    changed: int = 0  # rows the fault made different
    first: int = 0  # when the first of them came
    shown: tuple = ("", 0.0)  # the signal that shows it best, and by how many standard errors
    active: int = 0

    def __post_init__(self):
        self.chance = random.Random(self.number * 7919 + 17)
        usable = self.data.inputs[self.data.numbers].notna().all(axis=1).to_numpy()
        frame = self.data.inputs[usable]
        self.cases = [{k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in frame.to_dict("records")]
        self.truths = self.data.truth[usable].tolist()
        self.numbers, self.categories = self.data.numbers, self.data.categories
        self.classes = None if self.data.is_quantity else self.data.model.classes_.tolist()
        self.segment = frame[self.categories[0]].value_counts().index[1] if self.categories else None

    def case(self, k: int) -> dict:
        return {"x": dict(self.cases[k]), "y": self.truths[k]}

    def a_case(self, fits) -> dict:
        for _ in range(400):
            k = self.chance.randrange(len(self.cases))
            if fits(self.cases[k]):
                return self.case(k)
        return self.case(self.chance.randrange(len(self.cases)))

    def the_case(self) -> dict:
        return self.case(11)

    def any_inputs(self) -> dict:
        return self.chance.choice(self.cases)

    def any_truth(self):
        return self.chance.choice(self.truths)

    def quantile(self, name: str, share: float) -> float:
        return self.memo.setdefault((name, share), float(np.nanquantile(self.data.inputs[name], share)))

    def spread(self, name: str) -> float:
        return self.memo.setdefault((name, "sd"), float(np.nanstd(self.data.inputs[name])))

    def first_value(self, name: str):
        return self.memo.setdefault((name, "first"), self.cases[5][name])

    @property
    def name(self) -> str:
        return f"{self.kind.name if self.kind else self.healthy} · {self.data.name} · {self.traffic} · labels {self.labels}"


def arrivals(w: World, rate: float) -> list[int]:
    """When rows come, in milliseconds since 1970."""
    times, days = [], int((w.end - w.start) // DAY)
    for day in range(days):
        begin = w.start + day * DAY
        if w.healthy == "traffic that grows":
            rate *= 1.05
        count = int(w.chance.gauss(rate, math.sqrt(rate)))
        weekend = day % 7 >= 5
        if w.traffic == "series":
            times += [begin + k * DAY // 48 for k in range(48)]
        elif w.traffic == "nightly":
            times += [begin + 2 * HOUR + w.chance.randrange(HOUR // 3) for _ in range(count)]
        elif w.traffic == "office":
            times += [] if weekend else [begin + 8 * HOUR + w.chance.randrange(10 * HOUR) for _ in range(count)]
        elif w.traffic == "bursts":
            for _ in range(max(1, count // 20)):
                at = begin + w.chance.randrange(DAY - HOUR)
                times += [at + w.chance.randrange(60_000) for _ in range(20)]
        elif w.traffic == "diurnal":
            while count > 0:
                at = w.chance.randrange(DAY)
                if w.chance.random() < (1 - 0.9 * math.cos(2 * math.pi * at / DAY)) / 1.9:
                    times.append(begin + at)
                    count -= 1
        else:
            times += [begin + w.chance.randrange(DAY) for _ in range(count)]
    return sorted(times)


def is_faulty(w: World, row: dict, k: int) -> bool:
    """Whether the fault touches the k-th row since it began."""
    mode, _, share = w.kind.mode.partition(":")
    if row["t"] < w.onset:
        return False
    along = (row["t"] - w.onset) / (w.end - w.onset)
    if mode == "share":
        return w.chance.random() < float(share)
    if mode in ("ramp", "ramp-half"):
        return w.chance.random() < min(1, along / 0.7) * (0.6 if mode == "ramp-half" else 1)
    if mode == "on-off":
        return k // 50 % 2 == 0
    if mode == "bursts":
        return k % 80 < 14
    if mode == "segment":
        return row["x"].get(w.categories[0]) == w.segment
    return True


def harm(w: World, stage: str) -> None:
    if not w.kind or w.kind.stage != stage:
        return
    k = 0
    for row in w.rows:
        if row["t"] >= w.onset:
            k += 1
        if is_faulty(w, row, k):
            before = repr({n: v for n, v in row.items() if n != "older"})
            w.kind.do(w, row)
            w.active += 1
            w.first = w.first or row["t"]
            w.changed += before != repr({n: v for n, v in row.items() if n != "older"})
    w.rows = [row for row in w.rows if not row.get("drop")]


def answer(w: World) -> None:
    inputs = [row["x"] for row in w.rows]
    older = w.data.answers(inputs, True)
    now = w.data.answers(inputs)
    for k, row in enumerate(w.rows):
        for key, said in (("now", now), ("older", older)):
            p = said[0][k]
            row[key] = (p.item() if hasattr(p, "item") else p, None if said[1] is None else float(said[1][k]))
        row["p"], row["c"] = row.pop("now")


def live(w: World) -> list[str]:
    """All lines that are sent, in the order of time: rows, and labels by themselves when they come."""
    rate = TRAFFIC["sparse" if w.traffic == "series" else w.traffic][0] * (0.45 if w.healthy and w.traffic != "sparse" else 1)
    for k, t in enumerate(arrivals(w, rate)):
        at = (w.number * 331 + k) % len(w.cases) if w.data.in_order else w.chance.randrange(len(w.cases))
        w.rows.append({"t": t, "err": None, "ver": "2026-03" if w.number % 2 else None, "lat": math.exp(w.chance.gauss(3.7, 0.4)), **w.case(at)})
    for stage in ("traffic", "inputs"):
        harm(w, stage)
    quiet(w)
    answer(w)
    for stage in ("answers", "service", "labels"):
        harm(w, stage)
    lines = []
    for k, row in enumerate(w.rows):
        for copy in range(row.get("times", 1)):
            lines += written(w, row, f"{k}-{copy}", copy * 900)
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def quiet(w: World) -> None:
    """What is odd about a healthy world, and is so from its first day."""
    for row in w.rows if w.healthy else []:
        hour = row["t"] % DAY / HOUR
        if w.healthy == "amounts with a heavy tail":
            row["x"]["amount"] = round(10 * w.chance.paretovariate(1.2), 2)
        if w.healthy == "an input that is zero at night":
            row["x"]["sun"] = round(max(0, math.sin((hour - 6) / 12 * math.pi)) * w.chance.uniform(300, 900), 1)
        if w.healthy == "a rare new category" and row["t"] > w.start + 20 * DAY and w.chance.random() < 0.004:
            row["x"][w.categories[0]] = "new"
        if w.healthy == "an input that wanders":
            w.memo["level"] = 0.97 * w.memo.get("level", 0) + w.chance.gauss(0, 0.243)
            row["x"]["level"] = round(20 + 3 * w.memo["level"], 3)


def written(w: World, row: dict, name: str, later: int) -> list[tuple[int, str]]:
    at = row["t"] + later
    p = "NaN" if isinstance(row["p"], float) and math.isnan(row["p"]) else row["p"]
    out = {"prediction_id": name, "timestamp": at, "features": row["x"], "prediction": p, "confidence": row["c"], "error": row["err"], "model_version": row["ver"], "latency_ms": round(row["lat"], 1)}
    out = {key: value for key, value in out.items() if value is not None}
    label, lines = row["y"], []
    if label is not None and row["err"] is None and w.labels != "never":
        if w.labels == "a day late":
            due = at + DAY + w.chance.randrange(HOUR)
            if due < w.end:
                row["labelled"] = True
                lines.append((due, json.dumps({"prediction_id": name, "label": label})))
        elif w.labels == "at once" or w.chance.random() < 0.1:
            out["label"], row["labelled"] = label, True
    return [(at, json.dumps(out)), *lines]


def begin_on(now_ms: int, days: int) -> int:
    """A Monday, so that all is over before now."""
    latest = now_ms // DAY * DAY - (days + 1) * DAY
    return latest - ((latest // DAY) + 3) % 7 * DAY


HEALTHY = [
    ("all as ever", "cancer", "dense", "at once"),
    ("all as ever, sparse", "penguins", "sparse", "a day late"),
    ("a batch each night", "loans", "nightly", "a day late"),
    ("office hours", "flights", "office", "at once"),
    ("bursts", "diamonds", "bursts", "a tenth"),
    ("day and night", "tweets", "diurnal", "never"),
    ("a series that has a season", "demand", "series", "at once"),
    ("amounts with a heavy tail", "doctor", "dense", "never"),
    ("an input that is zero at night", "loans", "dense", "a tenth"),
    ("a rare new category", "diamonds", "diurnal", "at once"),
    ("an input that wanders", "cancer", "dense", "a day late"),
    ("traffic that grows", "flights", "diurnal", "at once"),
    ("64 inputs", "yeast", "dense", "at once"),
    ("integers that are classes", "caravan", "bursts", "a day late"),
]


def faulty(kind: Kind, repetition: int, now_ms: int, tried: int = 0) -> World | None:
    """The repetition-th world of a kind: its data set, traffic and labels follow from its name alone."""
    fitting = [name for name, has in SETS.items() if kind.needs <= set(has.split())]
    seed = zlib.crc32(kind.name.encode()) + tried
    place = repetition + tried * REPETITIONS
    if place >= len(fitting):
        return None
    random.Random(zlib.crc32(kind.name.encode())).shuffle(fitting)
    name = fitting[place]
    traffic = "series" if name == "demand" else list(TRAFFIC)[(seed // 7 + repetition) % len(TRAFFIC)]
    if kind.mode == "early":
        traffic = "dense"
    late = "labels" in kind.needs
    labels = LABELS[(seed // 11 + repetition) % (2 if late else 4)]
    _, clean, bad = TRAFFIC["sparse" if traffic == "series" else traffic]
    clean, bad, early = (0, 2, HOUR * 14) if kind.mode == "early" else (clean, bad, 0)
    start = begin_on(now_ms, clean + bad)
    onset = start if kind.mode == "start" else start + clean * DAY + (early or HOUR * 3 // 2)
    number = zlib.crc32(f"{kind.name}/{repetition}/{tried}".encode()) % 100_000
    return World(number, kind, data_set(name), traffic, labels, start, onset, start + (clean + bad) * DAY)


def world_of(kind: Kind, repetition: int, now_ms: int):
    """(world, its lines, why earlier choices of data set were passed over); world is None where the kind shows in no data set left."""
    passed = []
    for tried in range(6):
        w = faulty(kind, repetition, now_ms, tried)
        if w is None:
            break
        lines = live(w)
        w.shown = most_moved(w.rows, w.onset) if kind.mode != "start" else ("from the start", math.inf)
        if not w.changed:
            passed.append(f"{w.name}: changes nothing")
        elif w.shown[1] < 5 and kind.causes != {"label-delay"} and "times" not in w.rows[-1]:
            passed.append(f"{w.name}: shows nowhere ({w.shown[0]}: {w.shown[1]:.1f} standard errors)")
        else:
            return w, lines, passed
    return None, [], passed


def healthy(k: int, now_ms: int, days: int = 30):
    name, data, traffic, labels = HEALTHY[k]
    start = begin_on(now_ms, days)
    w = World(90_000 + k, None, data_set(data), traffic, labels, start, start + days * DAY, start + days * DAY, healthy=name)
    return w, live(w), []


def of_group(group: str) -> list[Kind]:
    return [kind for kind in KINDS if kind.group == group]
