"""A bounded queue and the thread that empties it."""

from __future__ import annotations

import atexit
import gzip
import json
import logging
import os
import random
import socket
import threading
import time
import urllib.error
import urllib.request
import uuid
import weakref
from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Callable, Deque, Dict, List, Tuple

LOG = logging.getLogger("mlfi_client")
ROWS_PER_BATCH = 1_000
LONGEST_PAUSE_SECONDS = 30.0

Row = Dict[str, Any]
#: Makes the rows of an entry, in the sender's thread.
Entry = Tuple[str, Callable[[], List[Row]]]


@dataclass(frozen=True)
class Stats:
    """What became of the rows so far."""

    #: Stored by mlfi.
    stored: int = 0
    #: Refused by mlfi: they are wrong, and are not sent again.
    refused: int = 0
    #: Never sent: the queue was full, or the process ended.
    dropped: int = 0
    #: Entries that could not be read.
    unreadable: int = 0
    #: Entries that wait now.
    waiting: int = 0


class Sender:
    """Sends what is put into it, in batches, each repeated under its own id until it is stored or refused."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        queue_entries: int,
        flush_every_seconds: float,
        timeout_seconds: float,
        flush_seconds: float,
    ) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._queue_entries = queue_entries
        self._flush_every_seconds = flush_every_seconds
        self._timeout_seconds = timeout_seconds
        self._flush_seconds = flush_seconds
        self._opener = urllib.request.build_opener(_NoRedirect())
        self._start()
        SENDERS.add(self)

    def _start(self) -> None:
        self._queue: Deque[Entry] = deque()
        self._stats = Stats()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._idle = threading.Condition(self._lock)
        self._under_way = 0
        self._closing_at = float("inf")
        self._thread: Any = None
        self._told: Dict[str, float] = {}
        # Of a process of its own the rows come in their own time, also behind one address and with one key.
        self._name = f"{_ascii(socket.gethostname())} {os.getpid()}"

    def put(self, entry: Entry) -> None:
        """Returns at once; without room the entry is dropped and counted."""
        if len(self._queue) >= self._queue_entries:
            self.count(dropped=1)
            return
        self._queue.append(entry)
        if self._thread is None:
            self._begin()
        if len(self._queue) >= ROWS_PER_BATCH and not self._wake.is_set():
            self._wake.set()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="mlfi-client", daemon=True)
                self._thread.start()

    def stats(self) -> Stats:
        with self._lock:
            return replace(self._stats, waiting=len(self._queue) + self._under_way)

    def flush(self, seconds: float) -> bool:
        """Waits until everything is sent. False when that took too long."""
        end = time.monotonic() + seconds
        self._wake.set()
        with self._idle:
            while self._queue or self._under_way:
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self._wake.set()
                self._idle.wait(min(left, 0.1))
        return True

    def close(self) -> None:
        """Sends what there is for as long as `flush_seconds` allows, and counts what is left as dropped."""
        self._closing_at = time.monotonic() + self._flush_seconds
        if not self.flush(self._flush_seconds):
            self.count(dropped=len(self._queue))
            self._queue.clear()

    def count(self, **more: int) -> None:
        with self._lock:
            self._stats = replace(self._stats, **{name: getattr(self._stats, name) + n for name, n in more.items()})

    def after_fork(self) -> None:
        """A child has the parent's queue but not its thread; what the parent took is the parent's."""
        self._start()

    def _run(self) -> None:
        while True:
            self._wake.wait(self._flush_every_seconds)
            self._wake.clear()
            while self._queue:
                try:
                    self._send_some()
                except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a row can do
                    self.warn("error", "rows could not be sent: %s", type(error).__name__)
                finally:
                    with self._idle:
                        self._under_way = 0
                        self._idle.notify_all()

    def _send_some(self) -> None:
        by_place: Dict[str, List[Row]] = {}
        rows = 0
        while self._queue and rows < ROWS_PER_BATCH:
            place, make = self._queue.popleft()
            self._under_way += 1
            try:
                made = make()
            except Exception as error:  # noqa: BLE001
                self.count(unreadable=1)
                self.warn("unreadable", "what a model was asked or said could not be read: %s", type(error).__name__)
                continue
            by_place.setdefault(place, []).extend(made)
            rows += len(made)
        for place, some in by_place.items():
            for start in range(0, len(some), ROWS_PER_BATCH):
                self._send(place, some[start : start + ROWS_PER_BATCH])

    def _send(self, place: str, rows: List[Row]) -> None:
        text = "\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
        # Written once: a repetition must be the same to the byte, or its id would stand for two batches.
        body = gzip.compress(text.encode("utf-8"), 1)
        batch_id = uuid.uuid4().hex
        pause = 0.2
        while time.monotonic() < self._closing_at:
            status, answer, wait = self._post(place, batch_id, body)
            if status == 200 or (status == 400 and "accepted" in answer):
                refused = int(answer.get("rejected", 0))
                self.count(stored=len(rows) - refused, refused=refused)
                if refused > 0:
                    by_reason = _by_reason(answer)
                    self.warn(f"refused {sorted(by_reason)}", "mlfi refused %d rows: %s", refused, _reasons(by_reason, answer))
                return
            if status in (400, 401, 403, 404, 409, 413, 415):
                self.count(refused=len(rows))
                self.warn(str(status), "mlfi answered %d to rows for %s; they are not sent again", status, place)
                return
            self.warn("away", "mlfi cannot be reached (%s); rows wait in a queue of %d", status or "no answer", self._queue_entries)
            time.sleep(min(max(wait, pause * random.uniform(0.5, 1.0)), max(0.0, self._closing_at - time.monotonic())))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
        self.count(dropped=len(rows))

    def _post(self, place: str, batch_id: str, body: bytes) -> Tuple[int, Dict[str, Any], float]:
        headers = {
            "authorization": f"Bearer {self._key}",
            "content-type": "application/x-ndjson",
            "content-encoding": "gzip",
            "mlfi-batch-id": batch_id,
            "mlfi-sender": self._name,
        }
        request = urllib.request.Request(f"{self._url}{place}", body, headers, method="POST")
        try:
            with self._opener.open(request, timeout=self._timeout_seconds) as answer:
                return answer.status, _json(answer.read()), 0.0
        except urllib.error.HTTPError as error:
            with error:
                after = error.headers.get("retry-after", "0")
                return error.code, _json(error.read()), float(after) if after.isdigit() else 0.0
        except (OSError, ValueError, EOFError):
            return 0, {}, 0.0

    def warn(self, kind: str, message: str, *parts: object) -> None:
        """At most once a minute for each kind. Counts, statuses and names only: never a value of a row."""
        now = time.monotonic()
        if now - self._told.get(kind, float("-inf")) >= 60:
            self._told[kind] = now
            LOG.warning(message, *parts)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The key is for the address it was given for."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _ascii(name: str) -> str:
    """As a header may say it."""
    return "".join(c if "!" <= c <= "~" else "-" for c in name)[:100]


def _json(raw: bytes) -> Dict[str, Any]:
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _by_reason(answer: Dict[str, Any]) -> Dict[str, Any]:
    by_reason = answer.get("rejected_by_reason")
    return by_reason if isinstance(by_reason, dict) else {}


def _reasons(by_reason: Dict[str, Any], answer: Dict[str, Any]) -> str:
    """How many rows were refused for what, with the field of the first of them."""
    errors = answer.get("errors")
    fields: Dict[str, str] = {}
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict) and error.get("field"):
            fields.setdefault(str(error.get("reason")), f" ({error['field']})")
    return ", ".join(f"{reason} {rows}{fields.get(reason, '')}" for reason, rows in by_reason.items()) or "no reason"


SENDERS: "weakref.WeakSet[Sender]" = weakref.WeakSet()


def _close_all() -> None:
    for sender in list(SENDERS):
        sender.close()


def _after_fork() -> None:
    for sender in list(SENDERS):
        sender.after_fork()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
