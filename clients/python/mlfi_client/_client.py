"""What people call."""

from __future__ import annotations

import functools
import inspect
import itertools
import time
import uuid
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, TypeVar, Union, overload

from ._sender import Row, Sender, Stats
from ._values import answers_of, as_json, rows_of, snapshot

F = TypeVar("F", bound=Callable[..., Any])
# Columns of a table that are what they are called.
FIELDS = ("prediction_id", "timestamp", "prediction", "confidence", "latency_seconds", "latency_ms", "label", "error", "model_version")
MODEL_NAMES = "abcdefghijklmnopqrstuvwxyz0123456789-"


class Mlfi:
    """An mlfi, by its address and an API key of the scope `ingest`. Makes no call before something is logged."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        queue_entries: int = 100_000,
        flush_every_seconds: float = 1.0,
        timeout_seconds: float = 10.0,
        flush_seconds: float = 5.0,
    ) -> None:
        self._sender = Sender(
            url,
            key,
            queue_entries=queue_entries,
            flush_every_seconds=flush_every_seconds,
            timeout_seconds=timeout_seconds,
            flush_seconds=flush_seconds,
        )

    def model(self, id: str, *, version: Optional[str] = None) -> "Model":
        """A watched model, by its id. @raises ValueError for what can be no id."""
        if not id or len(id) > 64 or any(letter not in MODEL_NAMES for letter in id):
            raise ValueError("a model id is 1 to 64 of a-z, 0-9 and -")
        return Model(self._sender, id, version)

    def flush(self, seconds: float = 10.0) -> bool:
        """Waits until everything logged so far is sent; False when that takes longer."""
        return self._sender.flush(seconds)

    def stats(self) -> Stats:
        """What became of the rows so far."""
        return self._sender.stats()

    def close(self) -> None:
        """Sends what is queued, for at most `flush_seconds`. Happens by itself when the process ends."""
        self._sender.close()


class Model:
    """Logs predictions of one model. Nothing here raises, blocks, or waits for the network."""

    def __init__(self, sender: Sender, id: str, version: Optional[str]) -> None:
        self._sender = sender
        self._version = version
        self._rows = f"/api/v1/models/{id}/observations"
        self._labels = f"/api/v1/models/{id}/labels"
        self._ids = itertools.count()
        self._run = uuid.uuid4().hex[:16]

    def log(
        self,
        *,
        features: Optional[Mapping[str, Any]] = None,
        prediction: Any = None,
        confidence: Optional[float] = None,
        id: Optional[str] = None,
        latency_seconds: Optional[float] = None,
        error: Union[str, bool, None] = None,
        label: Any = None,
        timestamp: Optional[float] = None,
        context: Optional[Mapping[str, Any]] = None,
    ) -> str:
        """Logs one prediction. Returns its id, under which a label finds it."""
        own = self._new_id() if id is None else str(id)
        row = {
            "prediction_id": own,
            "timestamp": time.time() if timestamp is None else timestamp,
            "features": None if features is None else self._copy(features),
            "prediction": prediction,
            "confidence": confidence,
            "latency_seconds": latency_seconds,
            "error": error,
            "label": label,
            "model_version": self._version,
            "context": context,
        }
        self._sender.put((self._rows, lambda: [_filled(as_json(row))]))
        return own

    def label(self, id: str, label: Any) -> None:
        """What the prediction of this id should have been."""
        row = {"prediction_id": str(id), "label": label}
        self._sender.put((self._labels, lambda: [as_json(row)]))

    def log_dataframe(self, frame: Any, **columns: str) -> None:
        """
        Logs a table: one row a prediction. `prediction="y_pred", id="key"` name columns; columns called as the fields of a row
        are (`prediction`, `prediction_id`, `confidence`, `label` …) need no naming. The others are features.
        """
        copied = self._copy(frame)
        self._sender.put((self._rows, lambda: self._table(rows_of(copied), columns)))

    def log_call(
        self,
        request: Any,
        response: Any = None,
        *,
        id: Optional[str] = None,
        latency_seconds: Optional[float] = None,
        error: Union[str, bool, None] = None,
    ) -> str:
        """Logs a call by the JSON of its request and response; mlfi reads the prediction out of it."""
        own = self._new_id() if id is None else str(id)
        row: Row = {"prediction_id": own, "timestamp": time.time(), "request": request, "model_version": self._version}
        if error:
            row["status_code"] = 500
        else:
            row["response"] = response
        if latency_seconds is not None:
            row["latency_ms"] = latency_seconds * 1_000
        self._sender.put((self._rows, lambda: [_filled(as_json(row))]))
        return own

    @overload
    def watch(self, function: F) -> F: ...

    @overload
    def watch(self, *, classes: Optional[Sequence[Any]] = None, ids: Optional[Callable[..., Sequence[str]]] = None) -> Callable[[F], F]: ...

    def watch(
        self,
        function: Optional[F] = None,
        *,
        classes: Optional[Sequence[Any]] = None,
        ids: Optional[Callable[..., Sequence[str]]] = None,
    ) -> Any:
        """
        Logs every call of a predict function: its first argument (after `self`) is the input, what it returns the answer.
        `classes` are the names of the columns of probabilities; `ids` makes the ids of the rows from the arguments.
        """
        if function is None:
            return lambda wrapped: self.watch(wrapped, classes=classes, ids=ids)  # type: ignore[call-overload]
        skipped = 1 if next(iter(inspect.signature(function).parameters), "") in ("self", "cls") else 0

        def note(started: float, before: Any, args: Any, kwargs: Any, result: Any, error: Optional[BaseException]) -> None:
            try:
                took = time.perf_counter() - started
                named = None if ids is None else ids(*args, **kwargs)
                at = time.time() - took
                answer = None if error is not None else snapshot(result)
                self._sender.put((self._rows, lambda: self._watched(before, answer, error is not None, at, took, named, classes)))
            except Exception:  # noqa: BLE001 - what cannot be logged is no reason for a model to fail
                self._sender.count(unreadable=1)

        def given(args: Any, kwargs: Any) -> Any:
            try:
                return snapshot(args[skipped] if len(args) > skipped else dict(kwargs))
            except Exception:  # noqa: BLE001
                return None

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def watched_later(*args: Any, **kwargs: Any) -> Any:
                before, started = given(args, kwargs), time.perf_counter()
                try:
                    result = await function(*args, **kwargs)
                except Exception as error:
                    note(started, before, args, kwargs, None, error)
                    raise
                note(started, before, args, kwargs, result, None)
                return result

            return watched_later

        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            before, started = given(args, kwargs), time.perf_counter()
            try:
                result = function(*args, **kwargs)
            except Exception as error:
                note(started, before, args, kwargs, None, error)
                raise
            note(started, before, args, kwargs, result, None)
            return result

        return watched

    def stats(self) -> Stats:
        """What became of the rows so far, those of other models of this client included."""
        return self._sender.stats()

    def _watched(
        self,
        before: Any,
        result: Any,
        failed: bool,
        at: float,
        took: float,
        named: Optional[Sequence[str]],
        classes: Optional[Sequence[Any]],
    ) -> List[Row]:
        inputs = rows_of(before)
        answers = [{"error": "other"}] * len(inputs) if failed else answers_of(result, len(inputs), classes)
        if answers is None:
            raise ValueError("not as many answers as inputs")
        ids = [self._new_id() for _ in inputs] if named is None else [str(one) for one in named]
        if len(ids) != len(inputs):
            raise ValueError("not as many ids as inputs")
        shared = {"timestamp": at, "latency_seconds": took, "model_version": self._version}
        return [
            _answered({"prediction_id": own, "features": features, **shared, **answer})
            for own, features, answer in zip(ids, inputs, answers)
        ]

    def _table(self, rows: List[Dict[str, Any]], columns: Mapping[str, str]) -> List[Row]:
        for role, column in columns.items():
            if rows and column not in rows[0]:
                self._sender.warn(f"column {column}", "the table has no column for %s=%r", role, column)
        return [self._from_table(row, columns) for row in rows]

    def _from_table(self, row: Dict[str, Any], columns: Mapping[str, str]) -> Row:
        roles = {column: "prediction_id" if role == "id" else role for role, column in columns.items()}
        said = set(roles.values())
        roles.update({name: name for name in FIELDS if name in row and name not in said and name not in roles})
        named = {role: row[column] for column, role in roles.items() if column in row}
        features = {name: value for name, value in row.items() if name not in roles}
        return _answered({"model_version": self._version, "features": features, **named})

    def _new_id(self) -> str:
        return f"{self._run}-{next(self._ids)}"

    def _copy(self, value: Any) -> Any:
        try:
            return snapshot(value)
        except Exception:  # noqa: BLE001
            return value


def _filled(row: Row) -> Row:
    """The row without fields that hold nothing; features keep their missing values."""
    return {name: value for name, value in row.items() if value is not None}


def _answered(row: Row) -> Row:
    """The same of a call that was made: that its prediction is none is told."""
    return {**_filled(row), "prediction": None} if row.get("prediction", "") is None else _filled(row)
