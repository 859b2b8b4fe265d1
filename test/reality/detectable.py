"""Whether rows show a fault at all: some signal by itself must move by more than any chance would do, given all rows at once."""

import math
from collections import Counter


def is_number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def signals(rows: list[dict]) -> dict[str, list]:
    """What can be seen of each row: inputs, answers, failures, latency, and by labels that are sent whether it was right."""
    out: dict[str, list] = {"fails": [row["err"] is not None for row in rows], "latency": [row["lat"] for row in rows]}
    for name in {name for row in rows for name in row["x"]}:
        values = out[f"input {name}"] = [row["x"].get(name) for row in rows]
        if any(isinstance(v, str) and len(v) > 40 for v in values):
            out[f"length of {name}"] = [None if v is None else float(len(v)) for v in values]
            out[f"spaces of {name}"] = [None if v is None else float(v.count(" ")) for v in values]
    out["prediction"] = [row["p"] for row in rows]
    out["confidence"] = [row["c"] for row in rows]
    out["version"] = [row["ver"] for row in rows]
    pairs = [(row["p"], row["y"]) for row in rows if row.get("labelled") and row["p"] is not None]
    if pairs:
        out["error"] = [abs(p - y) if is_number(y) and is_number(p) else str(p) != str(y) for p, y in pairs]
    return out


def moved(before: list, after: list) -> float:
    """How many standard errors apart the two are: of numbers by Kolmogorov and Smirnov, of anything else by its commonest changes."""
    n, m = len(before), len(after)
    if min(n, m) < 20:
        return math.inf if n and not m else 0.0
    size = math.sqrt(n * m / (n + m))
    numbers = [[v for v in side if is_number(v)] for side in (before, after)]
    shares = [Counter("number" if is_number(v) else str(v)[:40] for v in side) for side in (before, after)]
    apart = max(abs(shares[0][v] / n - shares[1][v] / m) / math.sqrt(max((shares[0][v] + shares[1][v]) / (n + m), 1 / n) + 1e-9) for v in shares[0] | shares[1])
    worst = apart * size
    if min(map(len, numbers)) >= 20:
        a, b = (sorted(side) for side in numbers)
        i = j = 0
        gap = 0.0
        for value in sorted({*a, *b}):
            while i < len(a) and a[i] <= value:
                i += 1
            while j < len(b) and b[j] <= value:
                j += 1
            gap = max(gap, abs(i / len(a) - j / len(b)))
        beyond = sum(v > a[-1] + (a[-1] - a[0]) or v < a[0] - (a[-1] - a[0]) for v in b)
        worst = max(worst, 2.0 * beyond)
        worst = max(worst, 2 * gap * math.sqrt(len(a) * len(b) / (len(a) + len(b))))
    return worst


def most_moved(rows: list[dict], onset: int) -> tuple[str, float]:
    clean, faulty = ([row for row in rows if (row["t"] >= onset) == side] for side in (False, True))
    a, b = signals(clean), signals(faulty)
    apart = {name: moved(a.get(name, [None] * len(clean)), b.get(name, [None] * len(faulty))) for name in a.keys() | b.keys()}
    name = max(apart, key=lambda key: apart[key])
    return name, apart[name]
