"""A small server on the loopback interface that goes wrong in the ways that servers do, and answers otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

Answer = Callable[[str, dict[str, Any], dict[str, str]], Any]


class Faulty:
    """``faults`` are taken one a request, in order, before anything is answered:

    a number is that HTTP status, ("429", seconds) one with Retry-After, "broken" is no JSON, "dropped" closes the
    connection within the body, "silent" never answers (until the server is closed). ``seen`` holds every request.
    """

    def __init__(self, answer: Answer | str) -> None:
        self.answer = answer
        self.faults: list[Any] = []
        self.seen: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.closing = threading.Event()
        self.url = ""
        self._lock = threading.Lock()

    def fault(self) -> Any:
        with self._lock:
            return self.faults.pop(0) if self.faults else None


@contextmanager
def faulty(answer: Answer | str) -> Iterator[Faulty]:
    """A running server; ``answer`` makes its answers (path, body, headers), or is the address that it passes on to."""
    state = Faulty(answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(state: Faulty) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._serve({})

        def do_POST(self) -> None:
            self._serve(json.loads(self.rfile.read(int(self.headers.get("content-length", 0)))))

        def _serve(self, body: dict[str, Any]) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.seen.append((self.path, body, headers))
            match state.fault():
                case None:
                    self._answer(body, headers)
                case "silent":
                    state.closing.wait()
                    self.close_connection = True
                case "broken":
                    self._send(200, b'{"choices": [')
                case "dropped":
                    self._drop(body)
                case (status, seconds):
                    self._send(int(status), b'{"error": {"message": "slow down"}}', {"Retry-After": str(seconds)})
                case status:
                    self._send(int(status), b'{"error": {"message": "no such luck"}}')

        def _answer(self, body: dict[str, Any], headers: dict[str, str]) -> None:
            if isinstance(state.answer, str):
                passed = httpx.request(self.command, state.answer.removesuffix("/v1") + self.path,
                                       json=body if self.command == "POST" else None, timeout=60)
                self._send(passed.status_code, passed.content, {"Content-Type": passed.headers["content-type"]})
                return
            found = state.answer(self.path, body, headers)
            if isinstance(found, list):                      # a stream's events
                lines = [f"data: {json.dumps(event)}\n\n" for event in found] + ["data: [DONE]\n\n"]
                self._send(200, "".join(lines).encode(), {"Content-Type": "text/event-stream"})
            elif isinstance(found, int):
                self._send(found, b'{"error": {"message": "not here"}}')
            else:
                self._send(200, json.dumps(found).encode())

        def _drop(self, body: dict[str, Any]) -> None:
            """The first half of what would have been answered, and the end of the connection."""
            begun = b'data: {"choices": [{"text": "Half", "delta": {"content": "Half"}}]}\n\n'
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            self.wfile.write(begun if body.get("stream") else b'{"choices"')
            self.wfile.flush()
            self.close_connection = True

        def _send(self, status: int, data: bytes, more: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    return Handler
