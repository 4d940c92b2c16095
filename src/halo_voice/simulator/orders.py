"""What the scenario wants done: one short method per command of the emulated platform."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Protocol

from halo_voice.simulator.amd import Amd
from halo_voice.simulator.chance import Spread
from halo_voice.simulator.clock import Timer
from halo_voice.simulator.connections import Connections
from halo_voice.simulator.engine import Command
from halo_voice.simulator.exchanges import Exchanges
from halo_voice.simulator.leg import Leg, Switchboard
from halo_voice.simulator.live_player import LivePlayer
from halo_voice.simulator.playback import Playback, Tone
from halo_voice.simulator.recogniser import Recogniser, recogniser_of
from halo_voice.simulator.recognition import Recognition
from halo_voice.simulator.smart_queue import Answers, Task, fate
from halo_voice.simulator.vad import Vad

STORAGE = Spread(15, 0.4)
CREATE_VAD = Spread(80, 0.4)
RECORD_STOP = Spread(1500, 0.4)
LIST_REPORT = Spread(60, 0.4)


class Session(Switchboard, Protocol):
    """What the commands act on."""

    legs: dict[str, Leg]
    exchanges: Exchanges
    connections: Connections
    log: list[str]
    session_id: int
    storage: dict[str, tuple[str, int]]
    recogniser: Recogniser | None
    answers: Answers | None

    def violated(self, command: Command) -> None: ...
    def failed(self, command: Command) -> None: ...
    def terminate(self) -> None: ...
    def timer_fires(self, number: int) -> None: ...
    def settle(self, promise: int, value: Any) -> None: ...
    def call_out(self, unit: str, number: str, amd: Amd | None) -> None: ...


class Orders:
    """Obeys commands by name. What follows is never told at once: a callback is still running."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._timers: dict[int, Timer] = {}
        self._players: dict[str, Playback] = {}
        self._recognitions: dict[str, Recognition] = {}
        self._amds: dict[str, Amd] = {}
        self._tasks: dict[str, Task] = {}

    def obey(self, command: Command) -> None:
        _OBEYED[command["op"]](self, command)

    # ---- log, errors, end ------------------------------------------------------------------------

    def _log(self, command: Command) -> None:
        self._session.log.append(command["text"])
        self._session.write("log", command["text"])
        if command["cut"]:
            self._session.write("cloud", "the log line was cut")

    def _hide_tones(self, command: Command) -> None:
        self._note(f"Logger.hideTones {command['hide']}")

    def _violation(self, command: Command) -> None:
        self._session.violated(command)

    def _error(self, command: Command) -> None:
        self._session.failed(command)

    def _refused(self, command: Command) -> None:
        self._session.write("cloud", f"throws: {command['message']}")

    def _ignored(self, command: Command) -> None:
        self._session.write("cloud", f"ignored: {command['what']}")

    def _terminate(self, _: Command) -> None:
        self._note("terminate")
        self._session.after(0, self._session.terminate)

    # ---- timers, requests, storage ---------------------------------------------------------------

    def _timer(self, command: Command) -> None:
        self._set_timer(command["timer"], command["ms"], command["repeats"])

    def _set_timer(self, number: int, ms: float, repeats: bool) -> None:
        def fire() -> None:
            del self._timers[number]
            if repeats:
                self._set_timer(number, ms, repeats)
            self._session.timer_fires(number)

        self._timers[number] = self._session.after(ms, fire)

    def _clear_timer(self, command: Command) -> None:
        timer = self._timers.pop(command["timer"], None)
        if timer:
            timer.cancel()

    def _http(self, command: Command) -> None:
        self._session.exchanges.add(command)

    def _create_socket(self, command: Command) -> None:
        self._note(f"createWebSocket {command['url']}", socket=command["socket"])
        self._session.connections.open(command)

    def _socket_send(self, command: Command) -> None:
        self._session.connections[command["socket"]].send(command["text"])

    def _socket_close(self, command: Command) -> None:
        self._session.connections[command["socket"]].close()

    def _storage(self, command: Command) -> None:
        value = self._stored(command)
        delay = self._session.chance.draw("storage", STORAGE)
        self._session.after(delay, lambda: self._session.settle(command["promise"], value))

    def _stored(self, command: Command) -> Any:
        """The application's storage, which outlives the session: {key: (value, expires in ms)}."""
        storage, now = self._session.storage, self._session.clock.now
        for key in [k for k, (_, expires) in storage.items() if expires <= now]:
            del storage[key]
        key, operation = command["key"], command["operation"]
        if operation == "keys":
            found = [k for k in storage if fnmatchcase(k, key or "*")]
            return {"keys": found[: command["count"]]}
        if operation == "put":
            storage[key] = (command["value"], now + round(command["ttl_s"] * 1000))
        if key not in storage:
            return None
        value, expires = storage.pop(key) if operation == "remove" else storage[key]
        return {"key": key, "value": value, "expireAt": expires // 1000}

    # ---- calls -----------------------------------------------------------------------------------

    def _answer(self, command: Command) -> None:
        self._leg(command, "answer").answer()

    def _reject(self, command: Command) -> None:
        self._leg(command, f"reject {command['code']}").end(reason=str(command["code"]))

    def _ring(self, command: Command) -> None:
        self._leg(command, "ring")

    def _early_media(self, command: Command) -> None:
        self._leg(command, "startEarlyMedia")

    def _hangup(self, command: Command) -> None:
        self._leg(command, "hangup").end()

    def _call_out(self, command: Command) -> None:
        number, kind = command["number"], command["kind"]
        told = {"called": number, "kind": kind, "callerid": command["callerid"]}
        self._note(f"calls {number} ({kind})", dialled=command["call"], **told)
        self._session.call_out(command["call"], number, self._amds.get(command["amd"]))

    def _enqueue(self, command: Command) -> None:
        name, unit = command["queue"], command["task"]
        told = {"called": name, "kind": "queue", "priority": command["priority"], "queued": unit}
        self._note(f"waits in the queue «{name}»", **told)
        self._tasks[unit] = Task(self._session, command, fate(self._session.answers, name))

    def _end_task(self, command: Command) -> None:
        self._note(f"{command['task']} end")
        self._tasks[command["task"]].end()

    def _create_amd(self, command: Command) -> None:
        self._note(f"AMD.create {command['model']}")
        self._amds[command["amd"]] = Amd(self._session, command["amd"], command["timeout_ms"])

    def _beeps(self, command: Command) -> None:
        leg = self._leg(command, f"beep detection {command['handle']}")
        leg.beeps = command["handle"]

    def _call_list(self, command: Command) -> None:
        verb, data = command["verb"], command["data"]
        self._note(f"CallList.{verb} {data}", task=verb, told=data)
        delay = self._session.chance.draw("list", LIST_REPORT)
        done = {"code": 200, "text": "{}"}
        self._session.after(delay, lambda: self._session.settle(command["promise"], done))

    def _say(self, command: Command) -> None:
        self._order(command, f"{command['call']} say «{command['text']}»", command["text"])
        leg = self._session.legs[command["call"]]
        self._warn_of_voice(command)
        playback = Playback(self._session, leg.unit, command["text"])
        self._play(leg, playback, progressive=command["progressive"])

    def _start_playback(self, command: Command) -> None:
        self._order(command, f"{command['call']} startPlayback {command['url']}", command["url"])
        leg = self._session.legs[command["call"]]
        playback = Playback(self._session, leg.unit, command["url"], is_file=True)
        playback.loop = command["loop"]
        self._play(leg, playback)

    def _play(self, leg: Leg, playback: Playback, *, progressive: bool = False) -> None:
        if leg.state == "down":  # the scenario has not been told yet
            self._session.write("cloud", "ignored: the call has ended", call=leg.unit)
            return
        leg.hear(playback)
        playback.make(progressive=progressive)

    def _stop_playback(self, command: Command) -> None:
        """The platform reports no PlaybackFinished for this."""
        leg = self._leg(command, "stopPlayback")
        if isinstance(leg.source, Playback) and leg.source.unit == leg.unit:
            leg.source.stop(silently=True)

    def _record(self, command: Command) -> None:
        leg = self._leg(command, "record")
        session, began = self._session, self._session.clock.now
        url = f"https://records.simulated/{session.session_id}/{leg.unit.replace(':', '-')}.mp3"
        tell = lambda event, **data: session.report(leg.unit, event, data, who="cloud")  # noqa: E731
        session.after(0, lambda: tell("Call.RecordStarted", url=url))

        def stop() -> None:
            seconds = round((session.clock.now - began) / 1000)
            delay = session.chance.draw("calls", RECORD_STOP)
            done = {"url": url, "cost": f"{seconds * 0.00005:.5f}", "duration": seconds}
            if not session.dice.strikes("unrecorded", url):
                session.after(delay, lambda: tell("Call.RecordStopped", **done))

        leg.when_over(stop)

    def _handle_tones(self, command: Command) -> None:
        self._leg(command, "handleTones").tones = command["handle"]

    def _handle_mic(self, command: Command) -> None:
        self._leg(command, "handleMicStatus").mic = command["handle"]

    def _digits(self, command: Command) -> None:
        self._leg(command, f"sendDigits {command['digits']}")

    def _message(self, command: Command) -> None:
        self._leg(command, "sendMessage")

    def _info(self, command: Command) -> None:
        self._leg(command, "sendInfo")

    # ---- media -----------------------------------------------------------------------------------

    def _send_media(self, command: Command) -> None:
        source, target = self._unit(command["from"]), self._unit(command["to"])
        self._note(f"{command['from']} sendMediaTo {command['to']}")
        if isinstance(source, Leg) and isinstance(target, Leg | Recognition):
            if isinstance(target, Vad):
                target.media_begins()
            source.send_to(target)
        elif isinstance(source, Playback) and isinstance(target, Leg):
            target.hear(source)

    def _stop_media(self, command: Command) -> None:
        source, target = self._unit(command["from"]), self._unit(command["to"])
        self._note(f"{command['from']} stopMediaTo {command['to']}")
        if isinstance(source, Leg) and isinstance(target, Leg | Recognition):
            source.stop_to(target)
        elif isinstance(source, Playback) and isinstance(target, Leg) and target.source is source:
            target.hear(None, why="stopped")

    def _unit(self, name: str) -> Leg | Recognition | Playback | None:
        """None: what is not emulated as an end of media (in collect mode)."""
        found = self._session.legs.get(name) or self._recognitions.get(name)
        return found or self._players.get(name)

    # ---- players and recognisers -----------------------------------------------------------------

    def _create_tts_player(self, command: Command) -> None:
        self._order(command, f"createTTSPlayer «{command['text']}»", command["text"])
        self._warn_of_voice(command)
        self._player(command, command["text"], progressive=command["progressive"])

    def _create_url_player(self, command: Command) -> None:
        self._order(command, f"createURLPlayer {command['url']}", command["url"], file=True)
        self._player(command, command["url"], is_file=True).loop = command["loop"]

    def _create_tone_player(self, command: Command) -> None:
        self._note(f"createToneScriptPlayer {command['script']}")
        tone = Tone(self._session, command["player"], command["script"])
        tone.loop = command["loop"]
        self._players[command["player"]] = tone
        tone.make()

    def _player(
        self, command: Command, text: str, *, is_file: bool = False, progressive: bool = False
    ) -> Playback:
        playback = Playback(self._session, command["player"], text, is_file=is_file)
        playback.paused = command["paused"]
        self._players[command["player"]] = playback
        playback.make(progressive=progressive)
        return playback

    def _create_live_player(self, command: Command) -> None:
        self._note(f"createRealtimeTTSPlayer {command['player']}")
        self._players[command["player"]] = LivePlayer(self._session, command["player"])

    def _live_send(self, command: Command) -> None:
        player, text = self._live(command), command["text"]
        what = f"{command['player']} send «{text}»"
        player.write(text)
        if not command["flush"]:
            self._note(what)
            return
        self._order(command, f"{what} and flush", player.written)
        player.flush()

    def _live_clear(self, command: Command) -> None:
        self._note(f"{command['player']} clearBuffer")
        self._live(command).clear()

    def _live(self, command: Command) -> LivePlayer:
        player = self._players[command["player"]]
        assert isinstance(player, LivePlayer)
        return player

    def _pause_player(self, command: Command) -> None:
        self._players[command["player"]].pause()

    def _resume_player(self, command: Command) -> None:
        self._players[command["player"]].resume()

    def _stop_player(self, command: Command) -> None:
        self._note(f"{command['player']} stop")
        self._players[command["player"]].stop()

    def _marker(self, command: Command) -> None:
        self._players[command["player"]].add_marker(command["offset"])

    def _create_asr(self, command: Command) -> None:
        self._note(f"createASR {command['profile']}", asr=command["asr"])
        vendor = self._session.recogniser  # as it was given, whatever the scenario chose
        if vendor is None:
            vendor = recogniser_of(command["profile"])
            vendor = vendor if command["single_utterance"] else vendor.unhurried
        unit = command["asr"]
        self._recognitions[unit] = Recognition(self._session, unit, vendor, command["interim"])

    def _stop_asr(self, command: Command) -> None:
        self._note(f"{command['asr']} stop")
        self._recognitions[command["asr"]].stop()

    def _create_vad(self, command: Command) -> None:
        unit = command["vad"]
        self._note(f"createVAD {unit}")
        vad = Vad(self._session, unit, command["min_silence_ms"], command["pad_ms"])
        self._recognitions[unit] = vad
        delay = self._session.chance.draw("vad", CREATE_VAD)
        self._session.after(delay, lambda: self._session.settle(command["promise"], None))

    def _reset_vad(self, command: Command) -> None:
        self._note(f"{command['vad']} reset")
        self._vad(command).reset()

    def _close_vad(self, command: Command) -> None:
        self._note(f"{command['vad']} close")
        self._vad(command).stop()

    def _vad(self, command: Command) -> Vad:
        vad = self._recognitions[command["vad"]]
        assert isinstance(vad, Vad)
        return vad

    # ---- small things ----------------------------------------------------------------------------

    def _leg(self, command: Command, what: str, **data: Any) -> Leg:
        self._note(f"{command['call']} {what}", call=command["call"], **data)
        return self._session.legs[command["call"]]

    def _order(self, command: Command, what: str, text: str, **data: Any) -> None:
        """Notes that the scenario wants something spoken; the number is the playback's to be."""
        unit = command.get("call") or command["player"]
        playback = self._session.playbacks_made + 1
        self._note(what, phrase=text, unit=unit, playback=playback, **data)

    def _note(self, what: str, **data: Any) -> None:
        self._session.write("scenario", what, **data)

    def _warn_of_voice(self, command: Command) -> None:
        if command["voice"] is None:
            self._session.write("cloud", "no voice was given: the platform would speak English")


_OBEYED: dict[str, Callable[[Orders, Command], None]] = {  # made once: a call has 400 commands
    name[1:]: method for name, method in vars(Orders).items() if name[0] == "_" and name[1] != "_"
}
