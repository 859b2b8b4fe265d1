"""Kinds of fault, each with what would be right to say of it. No kind is in both groups; what is tuned is tuned on TUNE alone."""

import math
from collections.abc import Callable
from dataclasses import dataclass

TUNE, JUDGE = "tune", "judge"
MOVED = "input-drift unknown"  # inputs that moved in a way the catalogue has no cause for: both are defined so
MIDDLE, GRAVE, LIGHT = {"medium", "high"}, {"high", "critical"}, {"low", "medium"}


@dataclass
class Kind:
    name: str
    group: str
    family: str
    causes: set[str]  # any of these is the exact cause; empty: the catalogue has none, so "unknown" is right
    features: Callable  # of a world: the inputs that are to blame, or None where that is not scored
    severity: set[str]
    stage: str  # traffic, inputs, answers, service or labels: when in the life of a row it happens
    do: Callable  # of (world, row), for each faulty row
    mode: str = "full"  # full, ramp, on-off, share:0.3, segment, start, early
    needs: frozenset = frozenset()
    alert: bool | None = True  # None: a reasonable on-call could want either


KINDS: list[Kind] = []


def kind(name, group, family, causes, features, severity, stage, mode="full", needs="", alert=True):
    def add(do):
        KINDS.append(Kind(name, group, family, set(causes.split()), features, severity, stage, do, mode, frozenset(needs.split()), alert))
        return do

    return add


def number(k=0):
    return lambda w: {w.numbers[k]}


def category(k=0):
    return lambda w: {w.categories[k]}


def numbers(k):
    return lambda w: set(w.numbers[:k])


def none(_):
    return set()


def unscored(_):
    return None


def change(pick, f):
    """Puts f(value) in the place of each blamed input that has a value."""

    def do(w, row):
        for name in pick(w):
            if row["x"].get(name) is not None:
                row["x"][name] = f(row["x"][name])

    return do


def pipeline(name, group, causes, features, severity, f, mode="full", needs=""):
    family = "pipeline traffic unknown" if "input-drift" in causes else "pipeline"
    kind(name, group, family, causes, features, severity, "inputs", mode, needs)(change(features, f))


# The data on its way ---------------------------------------------------------------------------------------------------
pipeline("cents for euros (× 100)", JUDGE, "unit-change", number(), MIDDLE | GRAVE, lambda v: v * 100)
pipeline("grams as kilograms (÷ 1000)", TUNE, "unit-change", number(), MIDDLE | GRAVE, lambda v: v / 1000)
pipeline("°C as °F", JUDGE, "unit-change", number(1), MIDDLE | GRAVE, lambda v: 1.8 * v + 32)
pipeline("inches for centimetres (÷ 2.54)", JUDGE, "unit-change", number(1), MIDDLE | GRAVE, lambda v: v / 2.54, "ramp")
pipeline("logarithm taken twice", JUDGE, "unit-change", number(), MIDDLE | GRAVE, lambda v: math.log1p(abs(v)))
pipeline("sign turned", TUNE, "unit-change", number(), MIDDLE | GRAVE, lambda v: -v)
pipeline("8 % of the rows × 1000", JUDGE, "unit-change", number(), MIDDLE | GRAVE, lambda v: v * 1000, "share:0.08")
pipeline("× 100 in one segment", JUDGE, "unit-change", number(), MIDDLE | GRAVE, lambda v: v * 100, "segment", "cat")
pipeline("× 1000 in the first hours", JUDGE, "unit-change", number(), MIDDLE | GRAVE, lambda v: v * 1000, "early")
pipeline("nulls, 40 %", TUNE, "null-flood", number(), MIDDLE, lambda v: None, "share:0.4")
pipeline("nulls that grow to all", JUDGE, "null-flood", number(1), MIDDLE, lambda v: None, "ramp")
pipeline("nulls on and off", JUDGE, "null-flood", number(), MIDDLE, lambda v: None, "on-off")
pipeline("nulls in one segment", JUDGE, "null-flood", number(1), MIDDLE, lambda v: None, "segment", "cat")
pipeline("number with its unit as text", JUDGE, "null-flood", number(), MIDDLE | GRAVE, lambda v: f"{v} u")
pipeline("decimal comma", TUNE, "null-flood", number(), MIDDLE | GRAVE, lambda v: str(v).replace(".", ","))
pipeline("default −999 in a quarter", JUDGE, "default-values", number(), MIDDLE, lambda v: -999, "share:0.25")
pipeline("text default “unknown”, 35 %", JUDGE, "default-values new-categories", category(), MIDDLE, lambda v: "unknown", "share:0.35", "cat")
pipeline("category in capitals", JUDGE, "category-rename", category(), MIDDLE, lambda v: str(v).swapcase(), needs="cat")
pipeline("blank behind half the categories", JUDGE, "category-rename new-categories", category(1), MIDDLE, lambda v: f"{v} ", "share:0.5", "cat2")
pipeline("categories as codes, 40 %", JUDGE, "new-categories", category(), MIDDLE, lambda v: f"c{hash_of(v) % 97}", "share:0.4", "cat")
pipeline("categories cut to two letters", TUNE, "category-rename new-categories precision-loss", category(), MIDDLE, lambda v: str(v)[:2], needs="cat")
pipeline("rounded to its first digit", JUDGE, "precision-loss", number(), MIDDLE | LIGHT, lambda v: first_digit(v))
pipeline("all numbers through a wrong scaler", JUDGE, "unit-change input-drift", lambda w: set(w.numbers), MIDDLE | GRAVE, lambda v: v / 7 - 3)
pipeline("clock in another zone (+ 5 h)", JUDGE, MOVED, lambda w: {"hour"}, MIDDLE | LIGHT, lambda v: (v + 5) % 24, needs="hour")
pipeline("text cut to 12 letters", JUDGE, "precision-loss", lambda w: {"text"}, MIDDLE, lambda v: v[:12], needs="text")
pipeline("text broken (encoding)", TUNE, MOVED, lambda w: {"text"}, MIDDLE, lambda v: v.replace("e", "Ã©").replace(" ", "+"), needs="text")


def hash_of(value):
    return sum(ord(letter) * 31**k for k, letter in enumerate(str(value)))


def first_digit(value):
    if not value:
        return value
    size = 10 ** math.floor(math.log10(abs(value)))
    return round(value / size) * size


@kind("input no longer sent", JUDGE, "pipeline", "null-flood", number(), MIDDLE, "inputs")
def _(w, row):
    row["x"].pop(w.numbers[0], None)


@kind("input sent under another name", JUDGE, "pipeline", "null-flood", number(1), MIDDLE, "inputs")
def _(w, row):
    row["x"][f"{w.numbers[1]}_v2"] = row["x"].pop(w.numbers[1])


@kind("join lost, 30 %", JUDGE, "pipeline", "join-loss", numbers(3), MIDDLE, "inputs", "share:0.3", "num3")
@kind("join lost on and off", TUNE, "pipeline", "join-loss", numbers(3), MIDDLE, "inputs", "on-off", "num3")
def _(w, row):
    row["x"].update({name: None for name in w.numbers[:3]})


@kind("frozen", JUDGE, "pipeline", "stale-feature", number(), MIDDLE, "inputs")
@kind("frozen on half the replicas", JUDGE, "pipeline", "stale-feature default-values", number(), MIDDLE, "inputs", "share:0.5")
@kind("frozen, all numbers", TUNE, "pipeline", "stale-feature", lambda w: set(w.numbers), MIDDLE, "inputs")
def _(w, row):
    for name in w.numbers if w.kind.name.endswith("numbers") else w.numbers[:1]:
        row["x"][name] = w.first_value(name)


@kind("median fills 35 %", TUNE, "pipeline", "default-values", number(), MIDDLE, "inputs", "share:0.35")
def _(w, row):
    row["x"][w.numbers[0]] = w.quantile(w.numbers[0], 0.5)


@kind("two numbers swapped", JUDGE, "pipeline", "swapped-columns", numbers(2), MIDDLE | GRAVE, "inputs", needs="num2")
@kind("two numbers swapped in one segment", JUDGE, "pipeline", "swapped-columns", numbers(2), MIDDLE | GRAVE, "inputs", "segment", "num2 cat")
def _(w, row):
    a, b = w.numbers[:2]
    row["x"][a], row["x"][b] = row["x"].get(b), row["x"].get(a)


@kind("two categories swapped", TUNE, "pipeline", "swapped-columns", lambda w: set(w.categories[:2]), MIDDLE | GRAVE, "inputs", needs="cat2")
def _(w, row):
    a, b = w.categories[:2]
    row["x"][a], row["x"][b] = row["x"].get(b), row["x"].get(a)


@kind("capped at the 70th percentile", JUDGE, "pipeline", "precision-loss", number(), MIDDLE | LIGHT, "inputs")
def _(w, row):
    row["x"][w.numbers[0]] = min(row["x"][w.numbers[0]], w.quantile(w.numbers[0], 0.7))


@kind("overflow: large values turn negative", JUDGE, "pipeline traffic unknown", MOVED, number(), MIDDLE | GRAVE, "inputs")
def _(w, row):
    top, value = w.quantile(w.numbers[0], 0.6), row["x"][w.numbers[0]]
    row["x"][w.numbers[0]] = value - 2 * abs(top) - 1 if value > top else value


@kind("numbers joined from another row", JUDGE, "pipeline", "", lambda w: set(w.numbers), MIDDLE | GRAVE, "inputs", needs="labels num2")
def _(w, row):
    other = w.any_inputs()
    row["x"].update({name: other.get(name) for name in w.numbers})


@kind("noisy sensor", JUDGE, "pipeline traffic unknown", MOVED, number(), MIDDLE | LIGHT, "inputs")
def _(w, row):
    row["x"][w.numbers[0]] += w.chance.gauss(0, 1.5) * w.spread(w.numbers[0])


@kind("confidence in per cent", JUDGE, "pipeline", "rows-refused answer-schema-changed", none, MIDDLE | GRAVE, "answers", needs="classes")
def _(w, row):
    row["c"] = round(row["c"] * 100, 2)


@kind("the answer leaks into an input", TUNE, "pipeline", "feature-leak", number(1), MIDDLE | LIGHT, "labels", needs="binary labels")
def _(w, row):
    row["x"][w.numbers[1]] = w.quantile(w.numbers[1], 0.8 if row["y"] == w.classes[0] else 0.2) + w.chance.gauss(0, 0.1) * w.spread(w.numbers[1])


# Who asks --------------------------------------------------------------------------------------------------------------
@kind("campaign: one category takes 70 %", JUDGE, "traffic", "traffic-mix-change", category(), LIGHT, "traffic", "share:0.7", "cat", None)
def _(w, row):
    row.update(w.a_case(lambda x: x.get(w.categories[0]) == w.segment))


@kind("other people: the top third only", JUDGE, "traffic", "input-drift traffic-mix-change", number(), LIGHT | MIDDLE, "traffic", "share:0.8")
def _(w, row):
    row.update(w.a_case(lambda x: (x.get(w.numbers[0]) or -1e9) >= w.quantile(w.numbers[0], 0.67)))


@kind("one segment stays away", JUDGE, "pipeline traffic", "segment-outage", category(), MIDDLE, "traffic", needs="cat")
def _(w, row):
    if row["x"].get(w.categories[0]) == w.segment:
        row["drop"] = True


@kind("retry flood: each row six times", JUDGE, "traffic", "", unscored, LIGHT | MIDDLE, "traffic", "share:1", "", None)
def _(w, row):
    row["times"] = 6


@kind("robot: one question is 40 % of traffic", TUNE, "traffic unknown", MOVED, unscored, LIGHT | MIDDLE, "traffic", "share:0.4")
def _(w, row):
    row.update(w.the_case())


# The service -----------------------------------------------------------------------------------------------------------
def failing(name, group, causes, reason, severity, mode, needs="", family="service"):
    def do(_, row):
        row.update(err=reason, p=None, c=None)

    kind(name, group, family, causes, none if "cat" not in needs else category(), severity, "service", mode, needs)(do)


failing("5xx, 12 %", JUDGE, "endpoint-errors", "http_5xx", MIDDLE | GRAVE, "share:0.12")
failing("500 after a release, all", TUNE, "endpoint-errors model-unreachable", "http_500", {"critical"}, "full")
failing("nobody answers", JUDGE, "model-unreachable", "connection refused", {"critical"}, "full")
failing("503 in bursts", JUDGE, "overloaded-endpoint", "http_503", MIDDLE | GRAVE, "bursts")
failing("time-outs in bursts", TUNE, "overloaded-endpoint", "timeout", MIDDLE | GRAVE, "bursts")
failing("401 for half the callers", JUDGE, "credentials-refused", "http_401", GRAVE, "share:0.5")
failing("429 above the quota", JUDGE, "rate-limited overloaded-endpoint", "http_429", MIDDLE | GRAVE, "share:0.35")
failing("422 after an upgrade", JUDGE, "payload-refused", "http_422", GRAVE, "full")
failing("one segment gets 500", JUDGE, "segment-outage", "http_500", MIDDLE | GRAVE, "segment", "cat", "service pipeline")


@kind("NaN for 30 % of the answers", JUDGE, "service", "error-in-answer", none, GRAVE, "service", "share:0.3")
def _(w, row):
    row.update(p=math.nan)


@kind("answers six times as slow", JUDGE, "service", "slow-endpoint", none, LIGHT | MIDDLE, "service")
@kind("a fifth of the answers × 20 late", JUDGE, "service", "slow-endpoint", none, LIGHT | MIDDLE, "service", "share:0.2")
def _(w, row):
    row["lat"] *= 6 if w.kind.mode == "full" else 20


@kind("answers without a confidence", JUDGE, "service", "answer-schema-changed", none, MIDDLE | GRAVE, "answers", needs="classes")
def _(w, row):
    row["c"] = None


# The model -------------------------------------------------------------------------------------------------------------
def another(w, row, key="older"):
    row["p"], row["c"] = row[key]


@kind("an older model, by its version", JUDGE, "model", "model-changed", none, MIDDLE, "answers", needs="labels")
@kind("a second version for 40 %", JUDGE, "model", "model-changed", none, MIDDLE, "answers", "share:0.4", "labels")
def _(w, row):
    another(w, row)
    row["ver"] = "2026-01"


@kind("an older model, unsaid", TUNE, "model", "model-changed", none, MIDDLE, "answers", needs="labels")
def _(w, row):
    another(w, row)


@kind("classes rotated in the answer", JUDGE, "model", "model-changed", none, GRAVE, "answers", needs="classes labels")
def _(w, row):
    k = list(w.classes).index(row["p"])
    row["p"] = w.classes[(k + 1) % len(w.classes)]


@kind("threshold at 0.75", JUDGE, "model", "threshold-moved", none, MIDDLE, "answers", needs="binary")
def _(w, row):
    if row["p"] == w.classes[0] and row["c"] < 0.75:
        row["p"] = w.classes[1]


@kind("constant answer", JUDGE, "model", "prediction-collapse", none, GRAVE, "answers")
@kind("constant answer on and off", TUNE, "model", "prediction-collapse", none, GRAVE, "answers", "on-off")
def _(w, row):
    row["p"], row["c"] = w.memo.setdefault("constant", (row["p"], row["c"]))


@kind("cached answers of other callers", JUDGE, "model", "", none, GRAVE, "answers", "share:0.6", "labels")
def _(w, row):
    mine = row["p"], row["c"]
    row["p"], row["c"] = w.memo.get("answer", mine)
    w.memo["answer"] = mine


@kind("output × 1.4", JUDGE, "model", "model-changed", none, MIDDLE | GRAVE, "answers", needs="quantity")
@kind("output as its logarithm", TUNE, "model", "model-changed", none, MIDDLE | GRAVE, "answers", needs="quantity")
def _(w, row):
    row["p"] = row["p"] * 1.4 if w.kind.group == JUDGE else math.log1p(row["p"])


@kind("confidence squashed", JUDGE, "model", "calibration-decay", none, MIDDLE | LIGHT, "answers", needs="classes")
@kind("confidence slides down", TUNE, "model", "calibration-decay", none, MIDDLE | LIGHT, "answers", "ramp", "classes")
def _(w, row):
    row["c"] = round(1 / len(w.classes) + (row["c"] - 1 / len(w.classes)) * 0.5, 4)


@kind("random answers", JUDGE, "model", "model-changed", none, GRAVE, "answers", needs="classes labels")
def _(w, row):
    row["p"] = w.chance.choice(list(w.classes))


@kind("unsure from the start", JUDGE, "model", "underconfident-model", none, LIGHT | MIDDLE, "answers", "start", "binary")
def _(w, row):
    row["c"] = round(0.5 + (row["c"] - 0.5) * 0.12, 4)


# The world and its labels ----------------------------------------------------------------------------------------------
def turned(w, row):
    k = list(w.classes).index(row["y"])
    row["y"] = w.classes[(k + 1) % len(w.classes)]


kind("labels turned round", JUDGE, "labels", "labels-wrong", none, MIDDLE | GRAVE, "labels", needs="classes labels")(turned)
kind("concept turns for a half", TUNE, "model", "concept-drift", none, MIDDLE | GRAVE, "labels", "share:0.5", "classes labels")(turned)
kind("concept turns slowly", JUDGE, "model", "concept-drift", none, MIDDLE | GRAVE, "labels", "ramp-half", "classes labels")(turned)
kind("concept turns in one segment", JUDGE, "model", "segment-concept-drift", category(), MIDDLE | GRAVE, "labels", "segment", "classes labels cat")(turned)


@kind("labels of other rows, 70 %", JUDGE, "labels", "", none, MIDDLE | GRAVE, "labels", "share:0.7", "labels")
def _(w, row):
    row["y"] = w.any_truth()


@kind("prices rise by 40 %", JUDGE, "model", "concept-drift", none, MIDDLE | GRAVE, "labels", needs="quantity labels")
def _(w, row):
    row["y"] *= 1.4


@kind("labels stop", JUDGE, "labels", "label-delay", none, LIGHT, "labels", needs="labels", alert=None)
def _(w, row):
    row["y"] = None


@kind("labels in other words from the start", JUDGE, "labels", "labels-wrong", none, LIGHT | MIDDLE, "labels", "start", "classes labels")
def _(w, row):
    row["y"] = f"class {list(w.classes).index(row['y'])}"


# Two at once: either is a right name -----------------------------------------------------------------------------------
@kind("× 100 and nulls elsewhere", JUDGE, "pipeline", "unit-change null-flood", numbers(2), MIDDLE | GRAVE, "inputs", needs="num2")
def _(w, row):
    row["x"][w.numbers[0]] *= 100
    row["x"][w.numbers[1]] = None


@kind("5xx, 30 %, and slow", JUDGE, "service", "endpoint-errors slow-endpoint overloaded-endpoint", none, GRAVE, "service")
def _(w, row):
    row["lat"] *= 5
    if w.chance.random() < 0.3:
        row.update(err="http_5xx", p=None, c=None)
