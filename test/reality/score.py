"""What was said, held against what would have been right."""

import math
import random
import re
from collections import defaultdict
from itertools import pairwise

from kinds import KINDS

FAMILY = {  # as docs/causes/README.md groups them
    "service": "model-unreachable endpoint-errors overloaded-endpoint slow-endpoint credentials-refused certificate-invalid certificate-expiring endpoint-not-found endpoint-moved rate-limited payload-refused error-in-answer answer-schema-changed",
    "model": "model-changed threshold-moved unstable-model underconfident-model calibration-decay prediction-collapse segment-concept-drift concept-drift",
    "pipeline": "unit-change null-flood default-values category-rename new-categories stale-feature join-loss swapped-columns precision-loss feature-leak segment-outage rows-refused",
    "traffic": "input-drift traffic-mix-change seasonal-pattern",
    "labels": "labels-wrong label-delay",
    "none": "none",
    "unknown": "unknown",
}
FAMILY_OF = {cause: family for family, causes in FAMILY.items() for cause in causes.split()}
BY_NAME = {kind.name: kind for kind in KINDS}


def stem(title: str) -> str:
    words = re.sub(r"“[^”]*”", "", title).replace(":", " ").replace(".", " ").split()
    return " ".join(words[:2]).lower()


def titles(results) -> dict[str, str]:
    """Which cause a title is of, as the answers themselves say."""
    known = {"of another": "null-flood", "type of": "null-flood"}
    for result in results:
        for incident in result["incidents"]:
            for cause in incident["causes"]:
                known[stem(cause["title"])] = cause["id"]
    return known


def named_over_time(incident: dict, known: dict) -> list[str | None]:
    """The cause that was named, from the opening on; None where only what moved was told."""
    said = []
    for _, what, text in incident["timeline"]:
        if what not in ("opened", "diagnosis-changed") or re.match(r"(Severity|It became)", text):
            continue
        text = text.split(": ", 1)[-1]
        if text.startswith("looking into it"):
            text = text.split("most likely: ", 1)[1] if "most likely: " in text else ""
        said.append(known.get(stem(text)) if text else None)
    return said


def judged(incidents: list[dict], onset: int) -> dict | None:
    """The first alert (above low) since the fault began, else the first incident, else one that was open then."""
    since = [i for i in incidents if i["opened"] >= onset]
    open_then = [i for i in incidents if i["opened"] < onset and (i["closed"] or math.inf) > onset]
    return next((i for i in since if i["severity"] != "low"), since[0] if since else (open_then[0] if open_then else None))


def inputs_of(cause: dict, truth: set) -> set:
    said = {f.removesuffix("_v2") if f.removesuffix("_v2") in truth else f for f in cause["features"]}
    if not said:
        said |= {c["feature"] for s in cause["segments"] for c in s.get("conditions", []) if "feature" in c}
    return {"text" if f.startswith("text.") else f for f in said}


def scored(result: dict, known: dict) -> dict:
    kind = BY_NAME[result["kind"]]
    incident = judged(result["incidents"], result["first"])
    families = set(kind.family.split())
    score = {"kind": kind.name, "data": result["data"], "traffic": result["traffic"], "labels": result["labels"], "silent": incident is None, "catalogued": bool(kind.causes)}
    score |= {"family": 0, "first": 0, "three": 0, "sure": 0, "severity": 0, "alert": 0}
    if incident is None:
        if kind.alert is None:
            return score | {"left_out": True}
        return score | {"said": "silent"}
    causes = incident["causes"]
    right = kind.causes or {"unknown"}
    first = causes[0] if causes else {"id": "none", "features": [], "segments": [], "probability": 0}
    score["said"] = first["id"]
    score["first"] = first["id"] in right
    score["three"] = any(c["id"] in right for c in causes[:3])
    score["family"] = FAMILY_OF.get(first["id"]) in families or (not kind.causes and first["id"] == "unknown")
    score["sure"] = not score["first"] and first["id"] not in ("unknown", "none") and first["probability"] > 0.8
    score["severity"] = incident["severity"] in kind.severity
    score["said_severity"] = incident["severity"]
    if kind.alert is not None:
        score["alert"] = (incident["severity"] != "low") == kind.alert
    if incident["opened"] >= result["first"]:
        score["minutes"] = (incident["opened"] - result["first"]) / 60_000
    over_time = named_over_time(incident, known)
    score["kept"] = bool(over_time) and over_time[0] in (None, first["id"])
    score["at_opening"] = bool(over_time) and over_time[0] in right
    score["turns"] = sum(a != b for a, b in pairwise(over_time))
    score["incidents"] = sum(i["opened"] >= result["first"] for i in result["incidents"])
    if result["features"] is not None:
        truth, said = set(result["features"]), inputs_of(first, set(result["features"]))
        score |= {"tp": len(truth & said), "fp": len(said - truth), "fn": len(truth - said)}
    if result["segment"]:
        score["segment"] = any(result["segment"] in str(c["segments"]) for c in causes[:1])
    return score


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values) if values else math.nan


FIGURES = {
    "right family first": lambda s: mean(x["family"] for x in s),
    "exact cause first (catalogued)": lambda s: mean(x["first"] for x in s if x["catalogued"]),
    "exact cause among three (catalogued)": lambda s: mean(x["three"] for x in s if x["catalogued"]),
    "“unknown” first (not catalogued)": lambda s: mean(x["first"] for x in s if not x["catalogued"]),
    "silent": lambda s: mean(x["silent"] for x in s),
    "wrong cause named with > 0.8": lambda s: mean(x["sure"] for x in s),
    "severity right": lambda s: mean(x["severity"] for x in s),
    "told above low where it should be": lambda s: mean(x["alert"] for x in s if BY_NAME[x["kind"]].alert is not None),
    "kept from opening to end (of those told)": lambda s: mean(x["kept"] for x in s if "kept" in x),
    "exact cause named at the opening (catalogued, of those told)": lambda s: mean(x["at_opening"] for x in s if x["catalogued"] and "at_opening" in x),
    "exact cause first, of those told": lambda s: mean(x["first"] for x in s if x["catalogued"] and not x["silent"]),
    "segment named where there is one (of those told)": lambda s: mean(x["segment"] for x in s if "segment" in x),
    "features, precision": lambda s: sum(x.get("tp", 0) for x in s) / max(1, sum(x.get("tp", 0) + x.get("fp", 0) for x in s)),
    "features, recall": lambda s: sum(x.get("tp", 0) for x in s) / max(1, sum(x.get("tp", 0) + x.get("fn", 0) for x in s)),
}


def interval(scores: list[dict], figure) -> tuple[float, float]:
    """95 %, by drawing kinds, not cases: cases of one kind go right or wrong together."""
    chance, by_kind = random.Random(1), defaultdict(list)
    for score in scores:
        by_kind[score["kind"]].append(score)
    names = list(by_kind)
    drawn = [figure([s for name in chance.choices(names, k=len(names)) for s in by_kind[name]]) for _ in range(1000)]
    drawn = sorted(d for d in drawn if not math.isnan(d))
    return (drawn[int(0.025 * len(drawn))], drawn[int(0.975 * len(drawn))]) if drawn else (math.nan, math.nan)


def percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.0f} %"


def table(head: list[str], rows: list[list[str]]) -> str:
    line = lambda cells: "| " + " | ".join(str(c) for c in cells) + " |"
    return "\n".join([line(head), line(["---"] + ["---:"] * (len(head) - 1)), *map(line, rows)])


def grouped(scores: list[dict], by: str) -> str:
    groups = defaultdict(list)
    for score in scores:
        groups[score[by]].append(score)
    rows = []
    for name, part in groups.items():
        minutes = sorted(x["minutes"] for x in part if "minutes" in x)
        said = ", ".join(sorted({x["said"] for x in part})) if by == "kind" else ""
        cells = [name, len(part), percent(mean(x["family"] for x in part)), percent(mean(x["first"] for x in part)), percent(mean(x["three"] for x in part)), percent(mean(x["silent"] for x in part)), percent(mean(x["sure"] for x in part)), percent(mean(x["severity"] for x in part)), f"{minutes[len(minutes) // 2]:.0f}" if minutes else "–", percent(mean(x["kept"] for x in part if "kept" in x))]
        rows.append(cells + ([said] if by == "kind" else []))
    return table([by, "cases", "family", "first", "in three", "silent", "wrong > 0.8", "severity", "minutes", "kept"] + (["said first"] if by == "kind" else []), rows)


def poisson_upper(count: int) -> float:
    """95 % upper bound of the mean where so many were seen."""
    low, high = 0.0, count + 20.0 + 5 * math.sqrt(count + 1)
    for _ in range(80):
        m = (low + high) / 2
        below = sum(math.exp(-m + k * math.log(m) - math.lgamma(k + 1)) if m else float(k == 0) for k in range(count + 1))
        low, high = (m, high) if below > 0.05 else (low, m)
    return high


def report(results: list[dict]) -> str:
    known = titles(results)
    everything = [scored(r, known) for r in results if r["kind"]]
    scores = [s for s in everything if "left_out" not in s]
    out = [f"{len(scores)} cases of {len({s['kind'] for s in scores})} kinds; {len(everything) - len(scores)} silent ones of which nobody need be told are left out.", ""]
    rows = []
    for name, figure in FIGURES.items():
        low, high = interval(scores, figure)
        rows.append([name, percent(figure(scores)), f"{percent(low)} to {percent(high)}"])
    minutes = sorted(s["minutes"] for s in scores if "minutes" in s)
    if minutes:
        rows.append(["minutes until told (median; nine in ten)", f"{minutes[len(minutes) // 2]:.0f}; {minutes[int(0.9 * len(minutes))]:.0f}", "–"])
        rows.append(["incidents of one fault (mean)", f"{mean(s['incidents'] for s in scores if 'incidents' in s):.2f}", "–"])
    out += [table(["figure", "measured", "95 %, clustered by kind"], rows), ""]
    for by in ("data", "traffic", "labels", "kind"):
        out += [grouped(scores, by), ""]
    out += quiet_report([r for r in results if not r["kind"]], [r for r in results if r["kind"]])
    return "\n".join(out)


def quiet_report(healthy: list[dict], faulty: list[dict]) -> list[str]:
    rows, months = [], 0.0
    for r in healthy:
        months += r["days"] / 30
        sure = sum(bool(i["causes"]) and i["causes"][0]["id"] not in ("unknown", "none") and i["causes"][0]["probability"] > 0.8 for i in r["incidents"])
        rows.append([f"{r['healthy']} · {r['data']}", r["rows"], len(r["incidents"]), sum(i["severity"] != "low" for i in r["incidents"]), sure, "; ".join(i["causes"][0]["id"] for i in r["incidents"] if i["causes"])])
    count, above = sum(row[2] for row in rows), sum(row[3] for row in rows)
    early = [i for r in faulty for i in r["incidents"] if i["opened"] < r["first"]]
    clean = sum(r["clean_days"] for r in faulty) / 30
    if not healthy:
        return []
    told = f"{len(healthy)} healthy worlds, {months:.1f} model-months: {count} incidents, {above} above low ({above / max(months, 1e-9):.2f} a month, at most {poisson_upper(above) / max(months, 1e-9):.2f})."
    before = f"Before the fault, in {clean:.1f} model-months: {len(early)} incidents, {sum(i['severity'] != 'low' for i in early)} above low."
    return [table(["healthy world", "rows", "incidents", "above low", "a cause > 0.8", "said"], rows), "", told, before]
