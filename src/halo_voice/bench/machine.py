"""What the operating system says of a process: processor time, memory, cores. Linux."""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
_TICK_S = 1 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.01


def measurable() -> bool:
    return (PROC / "self" / "stat").exists() and hasattr(os, "sched_setaffinity")


def cores() -> list[int]:
    """Those that this process may use."""
    return sorted(os.sched_getaffinity(0))


def pin(pid: int, core: int) -> None:
    """Keep a process, and the threads it will start, on one core."""
    os.sched_setaffinity(pid, {core})


def prefer(pid: int) -> None:
    """Let a process, and the threads it will start, go before all ordinary ones.

    Raises `PermissionError` for who may not (it takes root or CAP_SYS_NICE).
    """
    os.sched_setscheduler(pid, os.SCHED_RR, os.sched_param(1))


def cpu_s(pid: int) -> float:
    """Processor time of a process: all its threads, in user and system, and its ended children."""
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) * _TICK_S


def busy_s(core: int) -> float:
    """What a core has worked since the machine's start, for whomever; stolen time too."""
    for line in (PROC / "stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            user, nice, system, _, _, irq, softirq, steal = map(int, fields[:8])
            return (user + nice + system + irq + softirq + steal) * _TICK_S
    raise LookupError(f"there is no core {core}")


def memory_bytes(pid: int) -> int:
    """Resident memory of a process."""
    pages = int((PROC / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int) -> tuple[int, int]:
    """Descriptors of a process: its sockets, and all others."""
    sockets = others = 0
    for link in (PROC / str(pid) / "fd").iterdir():
        try:
            is_socket = str(link.readlink()).startswith("socket:")
        except FileNotFoundError:
            continue  # closed meanwhile
        sockets, others = sockets + is_socket, others + (not is_socket)
    return sockets, others


def processor() -> str:
    for line in (PROC / "cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown processor"
