"""Island. The telephony cloud in a box; imports nothing of ours, so shares no mistakes."""

from halo_voice.simulator.caller import (
    Caller,
    Cough,
    HangUp,
    InteractiveCaller,
    Interrupt,
    Line,
    Pickup,
    Press,
    Queued,
    Say,
    ScriptedCaller,
    Silence,
    SilentCaller,
)
from halo_voice.simulator.chance import Spread
from halo_voice.simulator.cloud import Control
from halo_voice.simulator.crowd import InterruptingCaller, RandomCaller
from halo_voice.simulator.engine import Engine
from halo_voice.simulator.exchanges import Exchange
from halo_voice.simulator.faults import Faults, When
from halo_voice.simulator.machine import Answering, AnsweringMachine
from halo_voice.simulator.network import (
    AiohttpNetwork,
    AsgiNetwork,
    HttpRequest,
    HttpResponse,
    Network,
    NetworkError,
    ScriptedNetwork,
)
from halo_voice.simulator.place import FinishedCall, place_call
from halo_voice.simulator.recogniser import ERRATIC, PROMPT, TARDY, Recogniser, recogniser_of
from halo_voice.simulator.report import Violation
from halo_voice.simulator.sockets import (
    Closed,
    Overheard,
    ServerEnd,
    Socket,
    SocketNetwork,
    SocketRequest,
)
from halo_voice.simulator.trace import PlaybackSpan, SpeechSpan, TraceLine
from halo_voice.simulator.virtual_loop import VirtualLoop, run_virtually
from halo_voice.simulator.voice import Voice

__all__ = [
    "ERRATIC",
    "PROMPT",
    "TARDY",
    "AiohttpNetwork",
    "Answering",
    "AnsweringMachine",
    "AsgiNetwork",
    "Caller",
    "Closed",
    "Control",
    "Cough",
    "Engine",
    "Exchange",
    "Faults",
    "FinishedCall",
    "HangUp",
    "HttpRequest",
    "HttpResponse",
    "InteractiveCaller",
    "Interrupt",
    "InterruptingCaller",
    "Line",
    "Network",
    "NetworkError",
    "Overheard",
    "Pickup",
    "PlaybackSpan",
    "Press",
    "Queued",
    "RandomCaller",
    "Recogniser",
    "Say",
    "ScriptedCaller",
    "ScriptedNetwork",
    "ServerEnd",
    "Silence",
    "SilentCaller",
    "Socket",
    "SocketNetwork",
    "SocketRequest",
    "SpeechSpan",
    "Spread",
    "TraceLine",
    "Violation",
    "VirtualLoop",
    "Voice",
    "When",
    "place_call",
    "recogniser_of",
    "run_virtually",
]
