"""Transcribes recordings through an OpenAI-compatible server."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import aiohttp

from halo_voice.core.errors import ConfigurationError, TranscriptionError, TranscriptionRefused
from halo_voice.outgoing.http import beginning
from halo_voice.outgoing.tls import tls_context

_ANSWER_BYTES_MAX = 2 * 1024 * 1024
_FINAL = frozenset((401, 403, 413))
"""The key or the recording is refused: the next attempt would be, too."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# Servers choose the decoder by the file's ending, not by the type.
_ENDINGS = {
    "audio/aac": "m4a",
    "audio/flac": "flac",
    "audio/m4a": "m4a",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/opus": "ogg",
    "audio/vnd.wave": "wav",
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/webm": "webm",
    "audio/x-flac": "flac",
    "audio/x-m4a": "m4a",
    "audio/x-wav": "wav",
}


def transcriber_faults(url: str, key: str, ca_file: str) -> dict[str, str]:
    """What cannot be used of these settings, by URL, KEY and CA_FILE; each may be empty."""
    faults = {}
    if url and not _is_address(url):
        faults["URL"] = "must be http://… or https://…, without a user or a query"
    if not re.fullmatch(r"[\x21-\x7e]*", key):
        faults["KEY"] = "has spaces, line ends or characters that are not ASCII"
    if ca_file:
        try:
            tls_context(ca_file)
        except ConfigurationError:
            faults["CA_FILE"] = f"{ca_file} holds no certificates that can be read"
    return faults


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port_is_good = parts.port != 0
    except ValueError:
        return False
    clean = not (parts.username or parts.password or parts.query or parts.fragment)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and clean and port_is_good


class OpenAITranscriber:
    """The `Transcriber` over `POST {base_url}/audio/transcriptions`. Tries once.

    `total_s` bounds a whole transcription, `connect_s` the connection. `headers` are added to each
    request. `ca_file` (PEM) replaces the system's certificate authorities.

    Raises `ConfigurationError` for an unusable `ca_file`.
    """

    def __init__(
        self,
        base_url: str,
        key: str,
        model: str,
        *,
        headers: Mapping[str, str] | None = None,
        ca_file: str | None = None,
        connect_s: float = 5.0,
        total_s: float = 120.0,
    ) -> None:
        self._url = base_url.rstrip("/") + "/audio/transcriptions"
        self._model = model
        self._headers = {**({"Authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
        self._tls = tls_context(ca_file)
        self._limits = aiohttp.ClientTimeout(total=total_s, sock_connect=connect_s)
        self._session: aiohttp.ClientSession | None = None

    async def transcribe(self, audio: bytes, *, content_type: str, language: str) -> str:
        """What is said in `audio`, without white space around it; may be empty.

        `language` is an ISO 639-1 code or a tag that starts with one (`ru-RU`); "" lets the server
        find out. Raises `TranscriptionError`, `TranscriptionRefused` where another attempt will do
        no better; its message holds nothing of the audio or the text.
        """
        try:
            async with self._open_session().post(
                self._url,
                data=self._form(audio, content_type, language),
                headers=self._headers,
                timeout=self._limits,
                allow_redirects=False,
            ) as reply:
                body, whole = await beginning(reply, _ANSWER_BYTES_MAX)
                if not whole:
                    raise TranscriptionError("The transcription server's answer is too large.")
                if reply.status != 200:
                    refused = reply.status in _FINAL
                    words = _refusal(reply.status, body)
                    raise (TranscriptionRefused if refused else TranscriptionError)(words)
                return _text(body)
        except TimeoutError:
            raise TranscriptionError(
                f"The transcription server did not answer within {self._limits.total:g} s."
            ) from None
        except aiohttp.ClientError as error:
            raise TranscriptionError(
                "The transcription server cannot be reached, check HALO_TRANSCRIPTION_URL:"
                f" {type(error).__name__}."
            ) from None

    async def close(self) -> None:
        """Close the connections; a later transcription opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls, limit=8),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session

    def _form(self, audio: bytes, content_type: str, language: str) -> aiohttp.FormData:
        kind = content_type.partition(";")[0].strip().lower()
        ending = _ENDINGS.get(kind)
        if ending is None:
            raise TranscriptionRefused(f"The type {_shown(kind)} cannot be transcribed.")
        form = aiohttp.FormData()
        form.add_field("file", io.BytesIO(audio), filename=f"recording.{ending}", content_type=kind)
        form.add_field("model", self._model)
        if code := language.replace("_", "-").partition("-")[0].lower():
            form.add_field("language", code)
        form.add_field("response_format", "json")
        return form


def _shown(kind: str) -> str:
    return kind if re.fullmatch(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,40}", kind) else "?"


def _text(body: bytes) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    text = answer.get("text") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise TranscriptionError("The transcription server's answer is not JSON with a text.")
    return text.encode("utf-8", "replace").decode().strip()


def _refusal(status: int, body: bytes) -> str:
    """Words for a refused request: the status, the server's error code, and what to check."""
    advice = {
        401: "check the key",
        403: "check the key and its rights",
        404: "check HALO_TRANSCRIPTION_URL and the model's name",
        413: "the recording is too large for this server",
        429: "the quota is used up or the server is busy",
    }.get(status, "")
    try:
        error = json.loads(body)["error"]
        code = error.get("code") or error.get("type") or ""
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        code = ""
    # The server's own message is left out: it may repeat what was said in the recording.
    named = f" ({code})" if isinstance(code, str) and _CODE.fullmatch(code) else ""
    return f"The transcription server answers with status {status}{named}" + (
        f": {advice}." if advice else "."
    )


def transcriber_of(url: str, key: str, model: str, *, ca_file: str) -> OpenAITranscriber | None:
    """The transcriber that the settings name, if they name one."""
    return OpenAITranscriber(url, key, model, ca_file=ca_file or None) if url else None
