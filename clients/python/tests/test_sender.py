"""What is sent, as a server of the test's own sees it."""

import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from mlfi_client import Mlfi


def test_says_which_process_sends():
    names = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self):
            names.append(self.headers["mlfi-sender"])
            self.rfile.read(int(self.headers["content-length"]))
            answer = b'{"accepted":1,"rejected":0}'
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Mlfi(f"http://127.0.0.1:{server.server_port}", "key", flush_every_seconds=0.05)
    try:
        client.model("m").label("p1", "yes")
        assert client.flush(20)
    finally:
        client.close()
        server.shutdown()
        server.server_close()
    assert len(names) == 1
    assert names[0].endswith(f" {os.getpid()}")
    assert names[0].isascii()
