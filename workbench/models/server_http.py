"""Requests to an OpenAI-compatible server that survive what servers do: busy, slow, cut off, broken answers."""

from __future__ import annotations

import email.utils
import json
import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock
from typing import Any, TypeVar

import httpx

from workbench.errors import Cancelled, ModelError

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
_FIRST_WAIT, _LONGEST_WAIT, _LONGEST_ASKED = 0.5, 30.0, 300.0       # seconds
_LARGEST_BODY = 256 * 2**20
_CONNECT_SECONDS = 10.0

T = TypeVar("T")


class Unavailable(ModelError):
    """The server cannot be reached, or kept failing after every attempt."""


class Refused(ModelError):
    """The server says that the request is wrong; asking again would not help. ``status`` is HTTP's."""

    def __init__(self, status: int, what: str, **more: str) -> None:
        super().__init__(what, **more)
        self.status = status


class _Transient(Exception):
    """Worth another attempt, after ``wait`` seconds if the server named them."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


@dataclass(slots=True)
class Pacer:
    """At most ``per_minute`` requests a minute, evenly spread over all threads (0: no limit), and none at all while
    the server has asked to be left alone."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _next: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def delay(self) -> float:
        """Seconds that the caller has to wait for its turn, which is now taken."""
        with self._lock:
            now = self.clock()
            turn = max(now, self._next)
            if self.per_minute > 0:
                self._next = turn + 60.0 / self.per_minute
            return turn - now

    def hold(self, seconds: float) -> None:
        """No turn begins before so many seconds have passed."""
        with self._lock:
            self._next = max(self._next, self.clock() + seconds)


class ServerHttp:
    """JSON over HTTP to one server. Safe to use from several threads; ``abort`` ends what they wait for.

    ``url`` is the base address ("http://127.0.0.1:8000/v1"). Redirects are not followed: a key would go with them.
    """

    def __init__(
        self, url: str, key: str = "", *, timeout: float = 120.0, attempts: int = 6, requests_per_minute: int = 0,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """``wait`` replaces the sleeping between attempts."""
        self.url = url.rstrip("/")
        self._key, self._timeout, self._attempts = key, timeout, max(attempts, 1)
        self._pacer = Pacer(requests_per_minute)
        self._stopped = Event()
        self._wait = wait
        self._client = self._new_client()

    def get(self, path: str) -> Any:
        """Raises Unavailable, Refused, Cancelled."""
        return self._retried(lambda: self._whole("GET", path, None))

    def post(self, path: str, content: Mapping[str, Any]) -> Any:
        """Raises as ``get``."""
        return self._retried(lambda: self._whole("POST", path, content))

    def stream(self, path: str, content: Mapping[str, Any], take: Callable[[dict[str, Any]], bool]) -> None:
        """Server-sent events, given to ``take`` one by one until it says True (enough) or the server is done.

        An attempt after a cut begins anew: ``take`` then gets ``{"restarted": True}`` first. Raises as ``get``, and
        what ``take`` raises.
        """
        started = False

        def attempt() -> None:
            nonlocal started
            if started:
                take({"restarted": True})
            started = True
            self._events(path, content, take)

        self._retried(attempt)

    def abort(self) -> None:
        """End every request under way; they raise Cancelled. The next ones go through a new connection."""
        stopped, client = self._stopped, self._client
        self._stopped, self._client = Event(), self._new_client()
        stopped.set()
        client.close()

    def close(self) -> None:
        self._stopped.set()
        self._client.close()

    # -- one attempt

    def _whole(self, method: str, path: str, content: Mapping[str, Any] | None) -> Any:
        with self._client.stream(method, self._address(path), json=content) as response:
            data = b""
            for block in response.iter_bytes():
                data += block
                if len(data) > _LARGEST_BODY:
                    raise ModelError(f"{self.url} sent an answer larger than {_LARGEST_BODY // 2**20} MB.")
            self._check(response, data)
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _Transient("its answer is not JSON") from error

    def _events(self, path: str, content: Mapping[str, Any], take: Callable[[dict[str, Any]], bool]) -> None:
        body = {**content, "stream": True}
        with self._client.stream("POST", self._address(path), json=body) as response:
            if response.status_code != 200:
                self._check(response, response.read())
            with closing(_server_sent(response.iter_lines())) as events:
                for event in events:
                    if take(event):
                        return

    def _check(self, response: httpx.Response, data: bytes) -> None:
        status = response.status_code
        if status == 200:
            return
        says = self._clean(_message(data))
        if status in _AGAIN:
            raise _Transient(f"it answers {status}{f' ({says})' if says else ''}", _asked_wait(response.headers))
        if status in (401, 403):
            raise Refused(status, f"{self.url} does not accept the key{f': {says}' if says else '.'}",
                          remedy="Set the server's key on the Models page, or check the one that is set.")
        raise Refused(status, f"{self.url} refuses the request ({status}){f': {says}' if says else '.'}")

    # -- attempts

    def _retried(self, attempt: Callable[[], T]) -> T:
        stopped = self._stopped
        for number in range(self._attempts):
            self._pause(self._pacer.delay(), stopped)
            try:
                return attempt()
            except _Transient as error:
                reason, wait = str(error), error.wait
            except httpx.TimeoutException:
                reason, wait = f"it did not answer within {self._timeout:g} s", None
            except (httpx.TransportError, httpx.DecodingError) as error:
                reason, wait = _network_reason(error), None
            except RuntimeError as error:            # the client was closed by abort, from another thread
                if not stopped.is_set():
                    raise
                raise Cancelled from error
            if stopped.is_set():
                raise Cancelled
            if wait is not None:
                self._pacer.hold(min(wait, _LONGEST_ASKED))      # for all threads; the next turn waits for it
            elif number + 1 < self._attempts:
                self._pause(backoff(number), stopped)
        raise Unavailable(
            f"{self.url} gave no answer in {self._attempts} attempts: {self._clean(reason)}.",
            safe="What was finished is kept.", remedy="Check that the server runs and can be reached, then try again.",
        )  # fmt: skip

    def _pause(self, seconds: float, stopped: Event) -> None:
        if self._wait is not None and seconds > 0:
            self._wait(seconds)
        if stopped.wait(seconds if self._wait is None else 0):
            raise Cancelled

    def _address(self, path: str) -> str:
        """Below the base address; a path that begins with "/" is below the server's root instead."""
        return self.url.removesuffix("/v1") + path if path.startswith("/") else f"{self.url}/{path}"

    def _new_client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        timeout = httpx.Timeout(self._timeout, connect=min(_CONNECT_SECONDS, self._timeout))
        try:
            return httpx.Client(headers=headers, timeout=timeout, limits=httpx.Limits(max_connections=None))
        except (UnicodeEncodeError, httpx.InvalidURL) as error:
            raise ModelError("The key has characters that no key can have.", remedy="Set it again.") from error

    def _clean(self, text: str) -> str:
        """Servers like to quote the key that they refuse."""
        return text.replace(self._key, "…") if self._key else text


def _server_sent(lines: Iterator[str]) -> Generator[dict[str, Any], None, None]:
    """The events' contents. Raises _Transient when the stream ends before the server said that it is complete."""
    complete = False
    for line in lines:
        if not line.startswith("data:"):
            continue
        data = line[5:].strip()
        if data == "[DONE]":
            return
        try:
            event = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _Transient("its stream is not JSON") from error
        if not isinstance(event, dict):
            raise _Transient("its stream holds no events")
        if "error" in event:
            raise _Transient(f"it says: {_message(data.encode())}")
        choices = event.get("choices")
        complete = complete or any(c.get("finish_reason") for c in choices or () if isinstance(c, dict))
        yield event
    if not complete:
        raise _Transient("its answer was cut off")


def _message(data: bytes) -> str:
    """What an error's body says, in a line; nothing of it is trusted to be well-formed."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    for name in ("error", "detail", "message"):
        content = content.get(name, content) if isinstance(content, dict) else content
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    line = " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())
    return line if len(line) <= 300 else f"{line[:300]}…"


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After, which is a number or a date (RFC 9110, section 10.2.3)."""
    value = headers.get("retry-after", "")
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max((when - datetime.now(UTC)).total_seconds(), 0.0)


def backoff(number: int) -> float:
    """Seconds before the next attempt: doubled each time, with jitter, so that clients do not all come back at once."""
    longest = min(_FIRST_WAIT * 2.0**number, _LONGEST_WAIT)
    return float(longest * (0.5 + 0.5 * random.random()))


def _network_reason(error: Exception) -> str:
    if isinstance(error, httpx.ConnectError):
        return "nothing answers there"
    return "the connection was dropped"
