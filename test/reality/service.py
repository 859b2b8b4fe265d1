"""A running exporter as a stranger has it: a folder for its data, a port, a key; and what is asked of it over HTTP."""

import json
import os
import secrets
import shutil
import socket
import string
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PART, LIVE_PART = 2000, 250  # lines
LIVE_PAUSE_S = 15  # longer than rows wait for older ones, so that each part is judged before the next


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def new_key() -> str:
    signs = string.ascii_letters + string.digits
    return "mlfi_" + "_".join("".join(secrets.choice(signs) for _ in range(n)) for n in (12, 43))


class Exporter:
    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="mlfi-reality-"))
        self.port, self.key = free_port(), new_key()
        config = self.folder / "mlfi.yml"
        config.write_text(
            f"data_dir: {self.folder}/data\nlisten: {{ port: {self.port} }}\n"
            f"api_keys: [{{ name: stranger, scopes: [read, ingest, operate], key: {self.key} }}]\n"
        )
        self.log = open(self.folder / "log", "w")
        command = [os.environ.get("MLFI_NODE_PATH", "node"), str(ROOT / "exporter/dist/src/main.js"), "serve", "--config", str(config)]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        for _ in range(300):
            try:
                self.call("GET", "/models")
                return self
            except (urllib.error.URLError, ConnectionError):
                if self.process.poll() is not None:
                    break
                time.sleep(0.2)
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method: str, path: str, body: str | None = None, kind="application/json"):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1{path}",
            method=method,
            data=body.encode() if body is not None else None,
            headers={"Authorization": f"Bearer {self.key}", "Content-Type": kind},
        )
        for attempt in range(200):
            try:
                with urllib.request.urlopen(request, timeout=900) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as refusal:
                text = refusal.read().decode()
                if refusal.code not in (429, 503) or attempt == 199:
                    if refusal.code == 400 and '"accepted"' in text:
                        return json.loads(text)
                    raise RuntimeError(f"{method} {path}: {refusal.code} {text[:500]}") from refusal
                time.sleep(min(5, float(refusal.headers.get("Retry-After") or 1)))

    def told(self, model: str, lines: list[str], live: bool = False) -> dict:
        """What mlfi tells of these rows: as an imported history, in its own time; or sent to a watched model, as they come."""
        self.call("POST", "/models", json.dumps({"id": model}))
        refused: dict[str, int] = {}
        for k in range(0, len(lines), LIVE_PART if live else PART):
            path = f"/models/{model}/observations?batch_id={k}" if live else f"/models/{model}/imports/rows?as=history&batch_id={k}"
            part = lines[k : k + (LIVE_PART if live else PART)]
            taken = self.call("POST", path, "\n".join(part), "application/x-ndjson")
            for reason, count in taken.get("rejected_by_reason", {}).items():
                refused[reason] = refused.get(reason, 0) + count
            if live:
                time.sleep(LIVE_PAUSE_S)
        story = self.watched(model) if live else self.call("POST", f"/models/{model}/imports/finish", "{}")
        incidents = [short(self.call("GET", f"/incidents/{i['id']}")) for i in story["incidents"]]
        baseline = self.call("GET", f"/models/{model}/baseline")
        self.call("DELETE", f"/models/{model}")
        return {"incidents": incidents, "refused": refused, "learns_still": story["learns_still"], "baseline": {k: baseline[k] for k in baseline if k in ("state", "samples", "missing")}, "notes": story["notes"]}

    def watched(self, model: str) -> dict:
        time.sleep(4 * LIVE_PAUSE_S)
        of_model = self.call("GET", f"/incidents?model={model}&limit=200")["incidents"]
        return {"incidents": of_model, "learns_still": [], "notes": []}


def short(incident: dict) -> dict:
    """What is judged of an incident."""
    diagnosis = incident["diagnosis"]
    causes = [{"id": c["id"], "title": c["title"], "probability": c["probability"], "features": c["features"], "segments": c["segments"]} for c in diagnosis["causes"]]
    return {
        "opened": incident["opened_at_ms"],
        "closed": incident["closed_at_ms"],
        "since": diagnosis["since_ms"],
        "severity": incident["severity"],
        "reason": diagnosis["severity_reason"],
        "causes": causes,
        "headline": incident["explanation"]["headline"],
        "timeline": [[entry["at_ms"], entry["kind"], entry["text"]] for entry in incident["timeline"]],
    }
