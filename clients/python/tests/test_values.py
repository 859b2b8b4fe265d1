"""What Python's, NumPy's and pandas' values become, and what predict functions answer."""

import math
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum

import numpy as np
import pandas as pd
import pytest

from mlfi_client._values import answers_of, as_json, rows_of, snapshot


class Colour(Enum):
    RED = "red"


class Unknown:
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (np.float32("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.int64(2**62), 2**62),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array([1, 2]), [1, 2]),
        (np.datetime64("NaT"), None),
        (pd.Timestamp("2026-03-01T10:00:00Z"), "2026-03-01T10:00:00+00:00"),
        (datetime(2026, 3, 1, 10), "2026-03-01T10:00:00+00:00"),
        (date(2026, 3, 1), "2026-03-01"),
        (Decimal("1.5"), 1.5),
        (Decimal("NaN"), None),
        (Colour.RED, "red"),
        (pd.Series([1.0, float("nan")]), [1.0, None]),
        (Unknown(), None),
        (b"raw", None),
        ({1: {"a": (1, 2)}}, {"1": {"a": [1, 2]}}),
    ],
)
def test_as_json(value, expected):
    assert as_json(value) == expected


def test_infinity_is_no_missing_value():
    assert math.isinf(as_json(np.float64("inf")))


def test_a_value_that_holds_itself_ends():
    own = {}
    own["me"] = own
    assert "me" in as_json(own)


FRAME = pd.DataFrame({"age": [31, 64], "job": ["admin", None]})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (FRAME, [{"age": 31, "job": "admin"}, {"age": 64, "job": None}]),
        (np.array([[1.0, 2.0], [3.0, float("nan")]]), [{"0": 1.0, "1": 2.0}, {"0": 3.0, "1": None}]),
        ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 2}]),
        ({"a": 1}, [{"a": 1}]),
        ([1, 2], [{"0": 1, "1": 2}]),
        ("a text", [{"value": "a text"}]),
    ],
)
def test_rows_of(value, expected):
    assert rows_of(value) == expected


@pytest.mark.parametrize(
    ("value", "rows", "classes", "expected"),
    [
        ("yes", 1, None, [{"prediction": "yes"}]),
        (np.array(["no", "yes"]), 2, None, [{"prediction": "no"}, {"prediction": "yes"}]),
        (np.array([[0.2, 0.8]]), 1, ["no", "yes"], [{"prediction": "yes", "confidence": 0.8}]),
        ([0.2, 0.8], 1, None, [{"prediction": 1, "confidence": 0.8}]),
        ([0.2, 0.8], 2, None, [{"prediction": 0.2}, {"prediction": 0.8}]),
        (("yes", 0.9), 1, None, [{"prediction": "yes", "confidence": 0.9}]),
        ({"label": "yes", "score": 0.9}, 1, None, [{"prediction": "yes", "confidence": 0.9}]),
        ({"no": 0.1, "yes": 0.9}, 1, None, [{"prediction": "yes", "confidence": 0.9}]),
        ({"probabilities": [0.1, 0.9]}, 1, ["no", "yes"], [{"prediction": "yes", "confidence": 0.9}]),
        (np.array([[3.5]]), 1, None, [{"prediction": 3.5}]),
        ([1, 2, 3], 2, None, None),
    ],
)
def test_answers_of(value, rows, classes, expected):
    assert answers_of(value, rows, classes) == expected


@pytest.mark.parametrize("value", [{"a": [1]}, [{"a": 1}], np.array([1]), FRAME])
def test_a_snapshot_does_not_change_with_what_it_was_taken_of(value):
    before = rows_of(value)
    copied = snapshot(value)
    if isinstance(value, dict):
        value["a"].append(2)
    elif isinstance(value, list):
        value[0]["a"] = 9
    elif isinstance(value, np.ndarray):
        value[0] = 9
    else:
        value.loc[0, "age"] = 9
    assert rows_of(copied) == before
