"""A model on an OpenAI-compatible server as the judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workbench.bench.language_model_judge import Reply, Request
from workbench.domain import DecodingSettings
from workbench.models.openai_model import Message, OpenAIModel
from workbench.models.openai_model import Reply as ServerReply
from workbench.models.server_http import Refused

_TOO_MUCH = frozenset({400, 413, 422})       # what servers answer to a request that does not fit


class ServedJudge:
    """Asks as many requests at a time, and as many a minute, as the server's settings say; see ServerHttp for what it
    does about a server that is busy, slow or broken."""

    def __init__(self, model: OpenAIModel, decoding: DecodingSettings, step: Callable[[], None] = lambda: None) -> None:
        """``step`` is called some times a second and may raise Cancelled."""
        self.name = model.ref.name
        self._model, self._decoding, self._step = model, decoding, step

    def ask(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        """A request that the server refuses as such (mostly: too long for its context) gets no words, with the
        server's reason; after the first of them the rest is asked one by one. Raises ModelError."""
        waiting = dict(enumerate(requests))

        def heard(place: int, reply: Reply) -> None:
            del waiting[place]
            on_reply(place, reply)

        try:
            self._chat(dict(waiting), heard)
        except Refused as error:
            if error.status not in _TOO_MUCH:
                raise
        for place, request in list(waiting.items()):
            try:
                self._chat({place: request}, heard)
            except Refused as error:
                if error.status not in _TOO_MUCH:
                    raise
                heard(place, Reply("", problem=str(error)))

    def _chat(self, requests: Mapping[int, Request], on_reply: Callable[[int, Reply], None]) -> None:
        places = list(requests)

        def said(index: int, reply: ServerReply) -> None:
            on_reply(places[index], Reply(reply.text, reply.prompt_tokens or 0, reply.tokens))

        self._model.chat_all([_messages(request) for request in requests.values()], self._decoding, said,
                             lambda index, text: self._step(), self._step)


def _messages(request: Request) -> list[Message]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    return [*system, {"role": "user", "content": request.user}]
