"""A stand-in for the Hugging Face Hub on the loopback interface."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

COMMIT = "c0ffee" + "0" * 34


class Hub:
    """The few routes that are asked for: a model's description, and its files with ranges and a redirect."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.url = files, ""
        self.error: tuple[int, str] | None = None        # (status, X-Error-Code) of every answer
        self.cut: list[int] = []                         # after so many bytes the next answers end
        self.lies: dict[str, bytes] = {}                 # sent in place of a file
        self.asked: list[tuple[str, str, str]] = []      # (path, range, authorization)

    def description(self, gated: bool = False) -> dict[str, Any]:
        rows = []
        for name, data in self.files.items():
            blob = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
            row: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": blob}
            if name.endswith((".safetensors", ".gguf")):
                row["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            rows.append(row)
        return {"id": "org/tiny", "sha": COMMIT, "gated": gated, "siblings": rows}


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            asked = self.headers.get("range", "")
            hub.asked.append((path, asked, self.headers.get("authorization", "")))
            if hub.error is not None:
                self._send(hub.error[0], b"", {"X-Error-Code": hub.error[1]})
            elif path == "/api/models/org/tiny/revision/main":
                self._send(200, json.dumps(hub.description()).encode())
            elif path.startswith(f"/org/tiny/resolve/{COMMIT}/"):
                self._send(302, b"", {"Location": f"/store/{path.rpartition('/')[2]}"})
            elif path.startswith("/store/"):
                self._file(path.removeprefix("/store/"), asked)
            else:
                self._send(404, b"", {"X-Error-Code": "RepoNotFound"})

        def _file(self, name: str, asked: str) -> None:
            data = hub.lies.get(name, hub.files[name])
            start = int(asked.removeprefix("bytes=").removesuffix("-") or 0)
            rest = data[start:]
            self.send_response(206 if asked else 200)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest[: hub.cut.pop(0)] if hub.cut else rest)

        def _send(self, status: int, data: bytes, more: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
