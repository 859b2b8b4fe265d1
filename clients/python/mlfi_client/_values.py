"""Values of Python, NumPy and pandas as JSON has them. Nothing here imports NumPy or pandas: they are known by what they can do."""

from __future__ import annotations

import copy
import math
from datetime import date, datetime, time, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Dict, List, Mapping, Optional, Sequence

DEEPEST = 8
MISSING = frozenset(("NAType", "NaTType"))


def as_json(value: Any, depth: int = 0) -> Any:
    """What `json` can write. NaN, NaT and NA are None; a value of a kind nobody knows is None as well: nothing is invented."""
    if value is None or isinstance(value, (bool, str)):
        return value if not isinstance(value, Enum) else value.value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return None if math.isnan(value) else float(value)
    if depth >= DEEPEST or type(value).__name__ in MISSING:
        return None
    if isinstance(value, Mapping):
        return {str(name): as_json(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(inner, depth + 1) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo else value.replace(tzinfo=timezone.utc).isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else None
    if isinstance(value, Enum):
        return as_json(value.value, depth + 1)
    for method in ("tolist", "item"):
        convert = getattr(value, method, None)
        if callable(convert):
            return as_json(convert(), depth + 1)
    dump = getattr(value, "model_dump", None) or getattr(value, "dict", None)
    return as_json(dump(), depth + 1) if callable(dump) else None


def snapshot(value: Any) -> Any:
    """A copy the caller can no longer change, as cheap as the value allows; it is made into JSON elsewhere."""
    if isinstance(value, (str, bytes, int, float, bool, type(None), tuple)):
        return value
    if isinstance(value, dict):
        return {name: snapshot(inner) if isinstance(inner, (dict, list)) else inner for name, inner in value.items()}
    if isinstance(value, list):
        return [snapshot(inner) if isinstance(inner, (dict, list)) else inner for inner in value]
    method = getattr(value, "copy", None)
    return method() if callable(method) else copy.copy(value)


def rows_of(value: Any) -> List[Dict[str, Any]]:
    """The rows of an input, each as features by name: a data frame, a matrix, a list of rows, or one row."""
    columns = getattr(value, "columns", None)
    if columns is not None and callable(getattr(value, "to_dict", None)):
        return [as_json(row) for row in value.to_dict("records")]
    plain = as_json(value)
    if isinstance(plain, dict):
        return [plain]
    if not isinstance(plain, list):
        return [{"value": plain}]
    if plain and all(isinstance(row, (list, dict)) for row in plain):
        return [row if isinstance(row, dict) else _by_place(row) for row in plain]
    return [_by_place(plain)]


def _by_place(row: Sequence[Any]) -> Dict[str, Any]:
    return {str(place): value for place, value in enumerate(row)}


def answers_of(value: Any, rows: int, classes: Optional[Sequence[Any]]) -> Optional[List[Dict[str, Any]]]:
    """Prediction and confidence of each row; None where the result does not hold as many answers as there were rows."""
    records = getattr(value, "to_dict", None)
    is_frame = getattr(value, "columns", None) is not None and callable(records)
    plain = as_json(records("records") if is_frame else value)
    is_pair = isinstance(value, tuple) and len(value) == 2 and not _is_number(plain[0])
    if is_pair and rows == 1 and _is_share(plain[1]):
        return [{"prediction": plain[0], "confidence": plain[1]}]
    if isinstance(plain, list) and len(plain) == rows and not (rows == 1 and _is_distribution(plain)):
        return [_answer(one, classes) for one in plain]
    return [_answer(plain, classes)] if rows == 1 else None


def _answer(value: Any, classes: Optional[Sequence[Any]]) -> Dict[str, Any]:
    if isinstance(value, list):
        if len(value) == 1:
            return _answer(value[0], classes)
        if not _is_distribution(value):
            return {"prediction": None}
        best = max(range(len(value)), key=value.__getitem__)
        known = classes is not None and len(classes) == len(value)
        return {"prediction": as_json(classes[best]) if known and classes is not None else best, "confidence": value[best]}
    if not isinstance(value, dict):
        return {"prediction": value}
    if len(value) > 1 and _is_distribution(list(value.values())):
        best_name = max(value, key=lambda name: value[name])
        return {"prediction": best_name, "confidence": value[best_name]}
    found: Dict[str, Any] = {"prediction": None}
    for name in ("prediction", "label", "class", "y_pred", "result"):
        if name in value:
            found = _answer(value[name], classes)
            break
    for name in ("confidence", "score", "probability"):
        if _is_share(value.get(name)):
            found["confidence"] = value[name]
            break
    for name in ("probabilities", "probs", "scores"):
        if found["prediction"] is None and isinstance(value.get(name), (list, dict)):
            found = _answer(value[name], value.get("classes") or classes)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_distribution(values: Sequence[Any]) -> bool:
    return len(values) > 1 and all(_is_share(value) for value in values) and abs(sum(values) - 1) <= 0.001
