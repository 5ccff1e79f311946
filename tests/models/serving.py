"""llama-cpp-python's own server with a small GGUF model, in a process of its own on the loopback interface."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

SERVER_PARTS = ("llama_cpp", "fastapi", "uvicorn", "sse_starlette", "starlette_context", "pydantic_settings")
MISSING = [part for part in SERVER_PARTS if find_spec(part) is None]
CHAT_FORMAT = "chatml"

_PROGRAM = """
import socket, sys
import uvicorn
from llama_cpp.server.app import create_app
from llama_cpp.server.settings import ModelSettings, ServerSettings

path, alias, logits_all = sys.argv[1:]
model = ModelSettings(model=path, model_alias=alias, n_ctx=512, n_batch=512, n_threads=1, n_threads_batch=1,
                      logits_all=logits_all == "1", chat_format="chatml", verbose=False)
app = create_app(server_settings=ServerSettings(interrupt_requests=False), model_settings=[model])
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(64)             # who asks before the server is up waits for it
print(listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
"""


@contextmanager
def served(model: Path, alias: str = "tiny", *, logits_all: bool = True) -> Iterator[str]:
    """The base address of a server that runs ``model`` until the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _PROGRAM, str(model), alias, "01"[logits_all]],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
