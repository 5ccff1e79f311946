"""A model on an OpenAI-compatible server as the judge."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from workbench.bench.language_model_judge import CHARACTERS, Reply, Request
from workbench.domain import DecodingSettings
from workbench.errors import ModelError
from workbench.models.openai_model import Message, OpenAIModel
from workbench.models.openai_model import Reply as ServerReply
from workbench.models.server_http import Refused, Unavailable

_TOO_MUCH = frozenset({400, 413, 422})       # what servers answer to a request that does not fit
_IN_A_ROW = 3                                # requests without an answer: the server itself is gone


class ServedJudge:
    """Asks as many requests at a time, and as many a minute, as the server's settings say; see ServerHttp for what it
    does about a server that is busy, slow or broken.

    A request that the server refuses as such, or never answers while it answers others (llama.cpp's server with one
    that is too long), gets no words and the server's reason.
    """

    def __init__(self, model: OpenAIModel, decoding: DecodingSettings, step: Callable[[], None] = lambda: None) -> None:
        """``step`` is called some times a second and may raise Cancelled."""
        self.name = model.ref.name
        self._model, self._decoding, self._step = model, decoding, step

    def ask(self, requests: Sequence[Request], on_reply: Callable[[int, Reply], None]) -> None:
        """All together; once one of them got no answer, those that are left one by one. Raises ModelError."""
        waiting = dict(enumerate(requests))

        def heard(place: int, reply: Reply) -> None:
            del waiting[place]
            on_reply(place, reply)

        try:
            self._chat(dict(waiting), heard)
        except (Refused, Unavailable) as error:
            _check(error)
            self._one_by_one(waiting, heard, len(requests) - len(waiting))

    def _one_by_one(self, waiting: Mapping[int, Request], heard: Callable[[int, Reply], None], answered: int) -> None:
        """``answered`` is how many were answered so far: a server that has answered none is gone."""
        failed, in_a_row = set[int](), 1
        for place in [*waiting, *waiting]:               # what failed is asked once more at the end
            if place not in waiting:
                continue
            try:
                self._chat({place: waiting[place]}, heard)
            except (Refused, Unavailable) as error:
                _check(error)
                in_a_row += isinstance(error, Unavailable)
                if isinstance(error, Refused) or (place in failed and answered):
                    heard(place, Reply("", problem=str(error)))
                elif place in failed or in_a_row >= _IN_A_ROW:
                    raise
                failed.add(place)
            else:
                answered, in_a_row = answered + 1, 0

    def _chat(self, requests: Mapping[int, Request], on_reply: Callable[[int, Reply], None]) -> None:
        places = list(requests)

        def said(index: int, reply: ServerReply) -> None:
            request, counted = requests[places[index]], reply.prompt_tokens
            asked = (len(request.system) + len(request.user)) // CHARACTERS if counted is None else counted
            on_reply(places[index], Reply(reply.text, asked, reply.tokens))

        self._model.chat_all([_messages(request) for request in requests.values()], self._decoding, said,
                             lambda index, text: self._step(), self._step)


def _check(error: ModelError) -> None:
    """Raises what is no fault of a single request: a key that is not accepted, an address without a model."""
    if isinstance(error, Refused) and error.status not in _TOO_MUCH:
        raise error


def _messages(request: Request) -> list[Message]:
    system = [{"role": "system", "content": request.system}] if request.system else []
    return [*system, {"role": "user", "content": request.user}]
