"""Which functions and methods of the platform are emulated: asked of the emulation itself."""

from __future__ import annotations

from functools import cache

import msgspec

from halo_voice.simulator.engine import Command, Engine
from halo_voice.simulator.surface import surface
from halo_voice.simulator.tables import CLASSES

# Reads every name without calling it; what is not emulated says so in collect mode.
ROLL_CALL = """
const read = (path) => path.split(".").reduce((found, name) => found[name], globalThis);
FUNCTIONS.forEach(read);
[Modules.ASR, Modules.VoxTTS, Modules.Silero, Modules.SmartQueue].forEach(require);
const call = VoxEngine.callPSTN("1", "2");
const objects = {
  ASR: VoxEngine.createASR({ profile: ASRProfileList.Google.ru_RU }),
  Player: VoxEngine.createTTSPlayer(""),
  Call: call,
  SmartQueueTask: VoxEngine.enqueueTask({ call, queue: { name: "1" } }),
  "VoxTTS.RealtimeTTSPlayer": VoxTTS.createRealtimeTTSPlayer({ createContextParameters: {} }),
  WebSocket: VoxEngine.createWebSocket("wss://halo.test"),
  "AMD.AnsweringMachineDetector": AMD.create({ model: AMD.Model.RU }),
};
for (const [name, methods] of Object.entries(METHODS)) {
  if (name in objects) methods.forEach((method) => objects[name][method]);
}
Silero.createVAD({}).then((vad) => METHODS["Silero.VAD"].forEach((method) => vad[method]));
"""


@cache
def emulated() -> dict[str, bool]:
    """Every function of the surface and every method of the emulated classes -> is it emulated?"""
    api = surface()
    methods = {name: list(api.methods(name)) for name in CLASSES}
    names = [*api.functions, *(f"{name}.{method}" for name in CLASSES for method in methods[name])]
    missing = {command["name"] for command in _absences(list(api.functions), methods)}
    # Below a namespace that is not emulated at all, nothing is.
    return {name: not any(name == m or name.startswith(f"{m}.") for m in missing) for name in names}


def listing() -> str:
    """The emulated names as Markdown, one line for each namespace or class."""
    groups: dict[str, list[str]] = {}
    for name, yes in emulated().items():
        if yes:
            owner, _, leaf = name.rpartition(".")
            groups.setdefault(owner or "globals", []).append(leaf)
    return "\n".join(
        f"* **{owner}**: {', '.join(f'`{leaf}`' for leaf in sorted(groups[owner]))}"
        for owner in sorted(groups)
    )


def _absences(functions: list[str], methods: dict[str, list[str]]) -> list[Command]:
    constants = (
        f"const FUNCTIONS = {msgspec.json.encode(functions).decode()};"
        f"const METHODS = {msgspec.json.encode(methods).decode()};"
    )
    engine = Engine(mode="collect")
    commands = engine.load(constants + ROLL_CALL)
    commands += engine.step({"type": "settle", "promise": 1, "value": None, "at": 0})
    engine.close()
    return [command for command in commands if command["op"] == "violation"]
