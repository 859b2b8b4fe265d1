"""What is sent, as a server of the test's own sees it."""

import json
import logging
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pandas as pd

from mlfi_client import Mlfi


class Answering:
    """A server that answers the same to every batch."""

    def __init__(self, answer):
        senders = self.senders = []
        body = json.dumps(answer).encode()

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self):
                senders.append(self.headers["mlfi-sender"])
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Taking)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.client = Mlfi(f"http://127.0.0.1:{self.server.server_port}", "key", flush_every_seconds=0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
        self.server.shutdown()
        self.server.server_close()


def test_says_which_process_sends():
    with Answering({"accepted": 1, "rejected": 0}) as mlfi:
        mlfi.client.model("m").label("p1", "yes")
        assert mlfi.client.flush(20)
    assert len(mlfi.senders) == 1
    assert mlfi.senders[0].endswith(f" {os.getpid()}")
    assert mlfi.senders[0].isascii()


def test_says_which_column_of_a_table_is_not_there(caplog):
    with caplog.at_level(logging.WARNING, logger="mlfi_client"), Answering({"accepted": 2, "rejected": 0}) as mlfi:
        table = pd.DataFrame({"y_pred": ["CANARY", "b"], "key": ["1", "2"]})
        mlfi.client.model("m").log_dataframe(table, prediction="nope", id="key")
        assert mlfi.client.flush(20)
    assert "the table has no column for prediction='nope'" in caplog.text
    assert "key" not in caplog.text
    assert "CANARY" not in caplog.text


def test_says_which_field_is_refused(caplog):
    answer = {
        "accepted": 0,
        "rejected": 3,
        "rejected_by_reason": {"no_prediction": 2, "unknown_field": 1},
        "errors": [
            {"reason": "no_prediction", "field": "prediction", "message": "CANARY"},
            {"reason": "unknown_field", "field": "predicton", "message": "CANARY"},
        ],
    }
    with caplog.at_level(logging.WARNING, logger="mlfi_client"), Answering(answer) as mlfi:
        mlfi.client.model("m").log(prediction="a")
        assert mlfi.client.flush(20)
    assert "mlfi refused 3 rows: no_prediction 2 (prediction), unknown_field 1 (predicton)" in caplog.text
    assert "CANARY" not in caplog.text
