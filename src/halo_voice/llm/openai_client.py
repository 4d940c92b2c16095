"""A lean streaming client for any OpenAI-compatible server.

The hot path of every turn: one request, one connection kept alive, no retry (falling back is the
business of `guarded`), no tree of objects per token. A contract test holds it equal to the
official SDK, which costs several times the processor time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from halo_voice.core.ports import Message
from halo_voice.core.tools import Offer
from halo_voice.llm import calling, functions
from halo_voice.llm.answer import Answer
from halo_voice.llm.chunks import mended
from halo_voice.llm.connection import Connection
from halo_voice.llm.endpoint import Endpoint
from halo_voice.llm.packages import tokens_left

CONTEXT = "Вы - вежливый голосовой ассистент компании HALO."
MAX_TOKENS = 300
DEADLINE_S = 5.5


class OpenAIClient:
    """A `LanguageModel` behind `/chat/completions`. Raises `ModelError`s only.

    May be made before the event loop runs; everything else belongs to one loop.
    `ConfigurationError` if the endpoint's `ca_file` cannot be read.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.name = endpoint.name or endpoint.model
        self.takes_tools = endpoint.tools
        self._offered = {"tools": calling, "functions": functions}[endpoint.dialect].offered
        self._connection = Connection(endpoint)
        self._fixed = {"model": endpoint.model, "stream": True, **endpoint.extra}

    def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        deadline_s: float,
        tools: Offer | None = None,
    ) -> Answer:
        """The answer in pieces; the request goes out when the first piece is asked for.

        The whole answer is bounded by `deadline_s` or the endpoint's own limit, whichever is
        shorter, in seconds from this call.
        """
        body = self._body(messages, max_tokens, tools)
        return Answer(
            self._connection,
            body,
            self.name,
            self.endpoint.limits,
            deadline_s,
            offered=tools is not None and not tools.closed,
        )

    def stream_ai_response(
        self,
        user_text: str,
        context: str = CONTEXT,
        history: Sequence[Message] = (),
        *,
        max_tokens: int = MAX_TOKENS,
        deadline_s: float = DEADLINE_S,
    ) -> Answer:
        """The answer to `user_text` in pieces, as the assistant that `context` describes."""
        messages = (Message("system", context), *history, Message("user", user_text))
        return self.stream(messages, max_tokens=max_tokens, deadline_s=deadline_s)

    async def get_ai_response(
        self,
        user_text: str,
        context: str = CONTEXT,
        history: Sequence[Message] = (),
        *,
        max_tokens: int = MAX_TOKENS,
        deadline_s: float = DEADLINE_S,
    ) -> str:
        """The whole answer at once. A failure in its middle loses what had come."""
        answer = self.stream_ai_response(
            user_text, context, history, max_tokens=max_tokens, deadline_s=deadline_s
        )
        return "".join([piece async for piece in answer])

    async def tokens_left(self) -> int | None:
        """Of those that were bought for this model; None where nothing is told of them. Raises
        `ModelError`."""
        if not self.endpoint.packages:
            return None
        return await tokens_left(self._connection, self.endpoint.model)

    async def warm_up(self) -> None:
        """Sign in and open a connection. Never raises."""
        await self._connection.warm_up()

    async def close(self) -> None:
        """End every connection; answers under way end with `ModelUnreachable`."""
        await self._connection.close()

    def _body(self, messages: Sequence[Message], max_tokens: int, tools: Offer | None) -> bytes:
        request = {
            **self._fixed,
            self.endpoint.max_tokens_field: max_tokens,
            "messages": list(messages),
        }
        if tools is not None:
            request |= self._offered(tools, messages)
        try:
            return msgspec.json.encode(request)
        except UnicodeEncodeError:  # half a surrogate pair: hostile or broken text
            clean = [replace(m, content=mended(m.content)) for m in messages]
            request["messages"] = clean
            if tools is not None:
                request |= self._offered(tools, clean)
            return msgspec.json.encode(request)
