"""The command `halo`: the only place that starts anything."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGINT
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from halo_voice.bench.command import bench
from halo_voice.commands import calls, knowledge, users
from halo_voice.commands.work import work
from halo_voice.deploy.command import deploy
from halo_voice.dialling import campaign
from halo_voice.dialling.command import dial, live_check
from halo_voice.doctor.command import doctor
from halo_voice.hunt.command import simulate

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="HALO: the telephone assistant that a company can trust with its callers.",
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

SAMPLE_LINES = ("До скольки вы работаете?", "Сколько стоит доставка?", "Спасибо, до свидания!")


def _stop(*faults: str) -> NoReturn:
    for fault in faults:
        err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(2)


def _given(**options: Any) -> dict[str, Any]:
    """The options that were given on the command line."""
    return {name: value for name, value in options.items() if value is not None}


def _settings(**overrides: Any) -> Any:
    from halo_voice.core.errors import ConfigurationError
    from halo_voice.settings import load_settings

    try:
        return load_settings(**_given(**overrides))
    except ConfigurationError as error:
        _stop(*error.faults)


# ------------------------------------------------------------------------------------- serve


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Instead of HALO_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Instead of HALO_PORT.")] = None,
    sample_call: Annotated[bool, typer.Option(help="Play a call of three turns first.")] = False,
) -> None:
    """Start the backend: what the scenario asks, it answers."""

    def up(settings: Any, address: str) -> None:
        if sample_call:
            out.print(
                f"\nA sample call to {escape(address)}, through the shipped scenario.\n"
                "[dim]The server answers for real; ears and voice are the simulator's, in virtual "
                "time: their delays are drawn, not measured.[/dim]\n"
            )
            _place_call(settings, address, SAMPLE_LINES)
        _say_where(settings, address)

    _start(_given(host=host, port=port), up, check_scenario=sample_call)


@app.command()
def console(
    host: Annotated[str | None, typer.Option(help="Instead of HALO_HOST.")] = None,
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8081,
) -> None:
    """Start the console alone, on the store that running servers use: pages, and browser phone."""

    def up(_: Any, address: str) -> None:
        out.print(
            f"\nThe console is at [bold]{escape(address)}/[/bold]\n  stop:           Ctrl+C\n"
        )

    _start(_given(host=host, port=port), up, check_scenario=False, pages_only=True)


def _start(given: dict[str, Any], up: Any, *, check_scenario: bool, **how: Any) -> None:
    """Serve until told to stop; `up` is called on a thread when the server answers."""
    from halo_voice.app import load_configuration
    from halo_voice.core.errors import ConfigurationError, StoreError
    from halo_voice.logs import set_up
    from halo_voice.serving import CannotListen, listening, run

    try:
        configuration = load_configuration(**given)
        settings = configuration.settings
        set_up(settings.log, settings.log_level, settings.secrets)
        if check_scenario:
            _check_scenario(settings.scenario)
        with listening(settings.host, settings.port) as listener:
            run(configuration, listener, lambda address: up(settings, address), **how)
    except ConfigurationError as error:
        _stop(*error.faults)
    except StoreError as error:
        _stop(error.message)
    except CannotListen as error:
        _stop(str(error))


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _say_where(settings: Any, address: str) -> None:
    answers = "offline assistant (the company's texts)" if settings.offline else "language model"
    usual = address == _address("127.0.0.1", 8080)
    address = escape(address)
    calling = "make call" if usual else f"halo call --url {address}"
    out.print(
        f"\nHALO serves at [bold]{address}[/bold], answers come from the {answers}.\n"
        f"  look and talk:  {address}/ in a browser\n"
        f"  call it:        {calling}\n"
        "  plug a model:   HALO_MODEL_URL=… HALO_MODEL_KEY=… HALO_MODEL_NAME=… make run\n"
        "  all settings:   docs/settings.md\n"
        "  stop:           Ctrl+C\n"
    )


# -------------------------------------------------------------------------------------- call


@app.command()
def call(
    url: Annotated[
        str | None, typer.Option(help="The server; else HALO_HOST and HALO_PORT.")
    ] = None,
    say: Annotated[list[str] | None, typer.Option(help="What the caller says; repeat it.")] = None,
    scenario: Annotated[Path | None, typer.Option(help="Instead of HALO_SCENARIO.")] = None,
    number: Annotated[str, typer.Option(help="The called number.")] = "+74950000000",
    seed: Annotated[int, typer.Option(help="Draws delays of recogniser and voice.")] = 0,
    trace: Annotated[bool, typer.Option(help="Print every event, the log's lines too.")] = False,
    audio: Annotated[Path | None, typer.Option(help="Write the call as sound (WAV).")] = None,
    real_time: Annotated[bool, typer.Option(help="Let the clock run while you type.")] = False,
) -> None:
    """Call a running server in the simulator: type what the caller says, or give it with --say."""
    settings = _settings(scenario=scenario)
    url = (url or _address(settings.host, settings.port)).rstrip("/")
    _check_scenario(settings.scenario)
    if not say and sys.stdin is None:
        _stop("There is no keyboard to read from. Give the caller's words with --say.")
    from halo_voice.terminal import refused

    finished = _place_call(
        settings, url, say, number=number, seed=seed, trace=trace, real_time=real_time
    )
    if audio is not None:
        _write_audio(finished, audio)
    fault = refused(finished, keyed=bool(settings.keys))
    if not fault and not _went_well(finished, say):
        fault = _what_was_missed(finished, say)
    if fault:
        err.print(f"[red]✘[/red] {escape(fault)}", soft_wrap=True)
    raise typer.Exit(1 if fault else 0)


def _check_scenario(path: Path) -> None:
    """Before anything is started with it."""
    try:
        path.read_text("utf-8")
    except OSError as error:
        _stop(f"{path}: {error.strerror}. Set HALO_SCENARIO or --scenario.")
    except UnicodeDecodeError:
        _stop(f"{path}: is not UTF-8 text. Set HALO_SCENARIO or --scenario.")


def _place_call(
    settings: Any,
    url: str,
    say: Any,
    *,
    number: str = "+74950000000",
    seed: int = 0,
    trace: bool = False,
    real_time: bool = False,
) -> Any:
    """One call to `url` in the simulator; `say` has the caller's words, without it one types."""
    from halo_voice.simulator import AiohttpNetwork, InteractiveCaller, ScriptedCaller, place_call
    from halo_voice.terminal import Conversation, Keyboard

    conversation = Conversation(out, trace=trace)
    keyboard = None if say else Keyboard(out)
    secrets = {"HALO_URL": url, **settings.scenario_secrets}

    async def talk() -> Any:
        now_ms = int(time.time() * 1000)
        async with AiohttpNetwork() as network:
            if not await _answers(network, url):
                return None
            if keyboard is not None:
                with suppress(NotImplementedError):  # a system without signals, as of POSIX
                    asyncio.get_running_loop().add_signal_handler(SIGINT, keyboard.interrupt)
            return await place_call(
                settings.scenario,
                caller=InteractiveCaller(keyboard.read) if keyboard else ScriptedCaller(say),
                network=network,
                secrets=secrets,
                seed=seed,
                destination=number,
                # Each a caller of its own: the calls of one number are limited.
                callerid=f"+7999{now_ms % 10_000_000:07}",
                session_id=now_ms * 1000 + seed % 1000,
                epoch_ms=now_ms,
                real_time=real_time,
                on_line=conversation.see,
            )

    if keyboard is not None:
        out.print("Type what the caller says. Empty line: silence. #1: a key. Ctrl+C: hang up.\n")
    finished = asyncio.run(talk())
    if finished is None:
        _stop(f"No HALO answers at {url}. Start one with `make run`, or name it with --url.")
    conversation.close(finished)
    return finished


async def _answers(network: Any, url: str) -> bool:
    from halo_voice.simulator import HttpRequest, NetworkError

    try:
        reply = await network.request(HttpRequest(f"{url}/healthz", timeout_ms=5000))
    except NetworkError:
        return False
    return reply.status == 401 or (reply.status == 200 and _is_halo(reply.body))


def _is_halo(health: bytes) -> bool:
    """Another server may well answer 200 to every path."""
    try:
        said = json.loads(health)
    except ValueError:
        return False
    return isinstance(said, dict) and said.get("status") == "ok"


def _went_well(finished: Any, say: Any) -> bool:
    """Nothing failed and, of a script, every line got its answer."""
    from halo_voice.terminal import answered

    outcomes = [_outcome(reply) for reply in answered(finished)]
    calm = finished.finish_reason == "Normal termination" and not finished.failures
    return calm and len(outcomes) >= len(say or ()) and set(outcomes) <= {"answered"}


def _what_was_missed(finished: Any, say: Any) -> str:
    """Why a call did not go well, in one line."""
    from halo_voice.terminal import answered, end_reason

    turns = len(answered(finished))
    if say and turns < len(say) and end_reason(finished) == "turn_limit":
        return (
            f"The profile's limit of turns ended the call first: {turns} of {len(say)} lines were "
            "answered. Raise limits.turns of the profile, or say less."
        )
    if say and turns < len(say):
        ended = end_reason(finished) or finished.finish_reason
        return f"{turns} of {len(say)} lines were answered; the call ended with {ended}."
    if finished.failures or finished.finish_reason != "Normal termination":
        return f"The scenario failed: {finished.finish_reason}."
    return "Not every turn was answered: the caller heard an apology instead."


def _outcome(reply: str) -> Any:
    """What the backend says of a turn; None when it is no reply of HALO's at all."""
    try:
        said = json.loads(reply)
    except ValueError:
        return None
    return said.get("outcome") if isinstance(said, dict) else None


def _write_audio(finished: Any, path: Path) -> None:
    from halo_voice.simulator.audio import NoVoice, phrases, render

    try:
        with path.open("wb"):
            pass  # `wave` leaves a traceback behind when it cannot open its file
        render(path, phrases(finished.playbacks, finished.speech))
    except NoVoice as error:
        path.unlink()
        _stop(str(error))
    except OSError as error:
        _stop(f"{path}: {error.strerror}. Choose another file with --audio.")
    out.print(f"sound: {path}", markup=False)


@app.command()
def lint(file: Annotated[Path, typer.Argument(help="A scenario (JavaScript).")]) -> None:
    """Check a scenario: every name that the platform does not have, every rule it breaks."""
    from halo_voice.simulator.lint import lint as check

    try:
        report = check(file)
    except OSError as error:
        _stop(f"{file}: {error.strerror}")
    for finding in report.findings:
        at = f"{file}:{finding.line}:{finding.column}"
        err.print(f"{at}: {finding.message}", soft_wrap=True, markup=False)
    for note in report.notes:
        err.print(f"[dim]{escape(note)}[/dim]")
    if report.findings:
        raise typer.Exit(1)
    out.print(f"✔ {file}: every name exists, a rehearsal call went through.", markup=False)


@app.command()
def docs(folder: Annotated[Path, typer.Argument(help="Where to write.")] = Path("docs")) -> None:
    """Write the generated pages anew."""
    from halo_voice.app import wire_page
    from halo_voice.settings import settings_table

    for name, text in (("settings.md", settings_table()), ("wire.md", wire_page())):
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            _stop(f"{folder / name}: {error.strerror}")
        out.print(f"✔ {folder / name}", markup=False)


for command in (bench, deploy, dial, doctor, live_check, simulate, work):
    app.command()(command)
groups = {"knowledge": knowledge, "calls": calls, "campaign": campaign, "user": users}
for group, its in groups.items():
    app.add_typer(its.app, name=group)


def main() -> None:
    """Entry point that ends quietly on Ctrl+C."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no Russian shows question marks; it must not end a call.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
