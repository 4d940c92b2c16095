"""Loads the Python files with a company's tools."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path

from halo_voice.core.errors import ConfigurationError
from halo_voice.tools.function import FunctionTool


def functions_of(path: Path) -> list[FunctionTool]:
    """The functions of the file that `tool` made tools, in their order. Raises
    `ConfigurationError`."""
    name = f"halo_tools_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigurationError([f"{path}: is no Python file (*.py)"])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # the types of a function's parameters are looked up there
    try:
        spec.loader.exec_module(module)
    except ConfigurationError as error:
        raise ConfigurationError([f"{path}: {fault}" for fault in error.faults]) from None
    except Exception as error:  # whatever is wrong with it is told, with its place
        raise ConfigurationError([f"{path}: {type(error).__name__}: {error}"]) from None
    found = [each for each in vars(module).values() if isinstance(each, FunctionTool)]
    if not found:
        raise ConfigurationError([f"{path}: has no function with @tool"])
    return found
