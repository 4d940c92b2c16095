"""Pipecat's text pipeline behind our stream's messages, for `halo bench --vs pipecat`.

A script for a Python that has `pipecat-ai[openai]`; it imports nothing of this package. One
pipeline a call, as its guides build one: the user's words into the context, the model, sentences
out of tokens, the reply back into the context. No audio, no store, no signatures, no interim
results: what is compared is the way of the words alone.

    python pipecat_server.py PORT MODEL_URL
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys

from aiohttp import WSMsgType, web
from loguru import logger
from pipecat.frames.frames import (
    AggregatedTextFrame,
    EndFrame,
    Frame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMMessagesAppendFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.aggregators.llm_text_processor import LLMTextProcessor
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.turns.user_turn_strategies import ExternalUserTurnStrategies

CONTEXT = "Вы - вежливый голосовой ассистент компании HALO."


class Mouth(FrameProcessor):
    """Sends each sentence down the socket, and says when the answer is whole."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        super().__init__()
        self.turn = 0
        self._socket = socket
        self._seq = 0
        self._said: list[str] = []

    async def send(self, kind: str, **fields: object) -> None:
        self._seq += 1
        if not self._socket.closed:
            message = {"type": kind, "seq": self._seq, **fields}
            await self._socket.send_str(json.dumps(message, ensure_ascii=False))

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMFullResponseStartFrame):
            self._said = []
        elif isinstance(frame, AggregatedTextFrame):
            self._said.append(frame.text.strip())
            await self.send("say", turn=self.turn, phrase=len(self._said), text=self._said[-1])
        elif isinstance(frame, LLMFullResponseEndFrame):
            await self.send(
                "answered",
                turn=self.turn,
                phrases=len(self._said),
                action="listen",
                outcome="answered",
                text=" ".join(self._said),
                patience_ms=0,
            )
        await self.push_frame(frame, direction)


def make_worker(mouth: Mouth, model_url: str) -> PipelineWorker:
    model = OpenAILLMService(
        api_key="bench",
        base_url=model_url,
        settings=OpenAILLMService.Settings(model="bench", max_tokens=300),
    )
    context = LLMContext([{"role": "system", "content": CONTEXT}])
    # The default would load a model that judges sound for every call.
    heard = LLMUserAggregatorParams(user_turn_strategies=ExternalUserTurnStrategies())
    aggregators = LLMContextAggregatorPair(context, user_params=heard)
    pipeline = Pipeline(
        [aggregators.user(), model, LLMTextProcessor(), mouth, aggregators.assistant()]
    )
    return PipelineWorker(
        pipeline, params=PipelineParams(enable_metrics=False), idle_timeout_secs=None
    )


async def stream(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("halo.v1",), compress=False)
    await socket.prepare(request)
    mouth = Mouth(socket)
    worker = make_worker(mouth, request.app["model_url"])
    runner = PipelineRunner(handle_sigint=False)
    running = asyncio.create_task(runner.run(worker))
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await obey(json.loads(message.data), mouth, worker)
    await worker.queue_frame(EndFrame())
    await running
    return socket


async def obey(message: dict, mouth: Mouth, worker: PipelineWorker) -> None:
    if message["type"] == "call":
        await mouth.send("ready", version=1)
    elif message["type"] == "final":
        mouth.turn = message["turn"]
        words = {"role": "user", "content": message["text"]}
        await worker.queue_frame(LLMMessagesAppendFrame(messages=[words], run_llm=True))
    elif message["type"] == "ping":
        await mouth.send("pong")


async def nothing(_: web.Request) -> web.Response:
    return web.json_response({})


def main() -> None:
    port, model_url = sys.argv[1:]
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    app = web.Application()
    app["model_url"] = model_url
    app.router.add_get("/stream", stream)
    app.router.add_post("/call/start", nothing)
    app.router.add_post("/call/end", nothing)
    try:
        import uvloop
    except ImportError:
        loop = asyncio.new_event_loop()
    else:
        loop = uvloop.new_event_loop()
    gc.freeze()  # as our own server does with what start-up made
    web.run_app(
        app, host="127.0.0.1", port=int(port), loop=loop, print=lambda _: None, access_log=None
    )


if __name__ == "__main__":
    main()
