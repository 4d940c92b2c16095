"""Python functions as tools: the schema from their types, their arguments checked by it."""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from halo_voice.core.errors import ConfigurationError, ToolError, ToolMisused, ToolUnsure
from halo_voice.core.tools import ToolResult, ToolSpec, Use, within

THREADS_MAX = 32
"""Functions that are not `async` run in threads, at most so many at once: one that hangs keeps
its thread, and must not hold up the others or the end of the process."""

_log = structlog.get_logger(__name__)
_threads = threading.BoundedSemaphore(THREADS_MAX)


class Arguments(BaseModel):
    """What a model may send. A number where a text is wanted is its digits."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, str_max_length=1000)


class FunctionTool:
    """A `Tool` that calls a function. The parameter annotated with `Use` gets one, the others are
    the model's arguments."""

    def __init__(self, function: Callable[..., Any], description: str, **marks: Any) -> None:
        """`marks`: fields of `ToolSpec`. Raises `ConfigurationError` for types without a schema."""
        self.function = function
        self._use, self._shape = _shape(function)
        name = marks.pop("name", function.__name__)
        self.spec = ToolSpec(
            name=name, description=description, parameters=schema_of(self._shape), **marks
        )

    def check(self, arguments: str) -> dict[str, Any]:
        given = read_arguments(arguments)
        try:
            checked = self._shape.model_validate(given)
        except ValidationError as error:
            raise ToolMisused(_faults(error)) from None
        return {name: getattr(checked, name) for name in self._shape.model_fields}

    async def run(self, arguments: Mapping[str, Any], use: Use) -> ToolResult:
        given = {**arguments, self._use: use} if self._use else dict(arguments)
        try:
            if inspect.iscoroutinefunction(self.function):
                return result_of(await self.function(**given))
            return result_of(await _in_thread(lambda: self.function(**given)))
        except ToolError:
            raise
        except Exception as error:
            # The top of somebody else's function: whatever it was, the call goes on.
            _log.error("tool_raised", tool=self.spec.name, fault=type(error).__name__)
            kind = ToolUnsure if self.spec.effect else ToolError
            raise kind("Инструмент не сработал.") from None


def tool(description: str, **marks: Any) -> Callable[[Callable[..., Any]], FunctionTool]:
    """Make a function a tool. `description` is in Russian, for the model; `marks`: see `ToolSpec`.

    It may be `async`; if not, it runs in a thread. It returns a text, something that JSON can
    hold, or a `ToolResult`; it raises `ToolError` with words for the model if it did nothing,
    `ToolUnsure` if it cannot know. A parameter's description is the text in its `Annotated`.
    """

    def made(function: Callable[..., Any]) -> FunctionTool:
        return FunctionTool(function, description, **marks)

    return made


def read_arguments(arguments: str) -> dict[str, Any]:
    """The object that a model wrote. Raises `ToolMisused`."""
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise ToolMisused("Аргументы должны быть объектом JSON.")
    return given


def result_of(returned: Any) -> ToolResult:
    """What a tool gave back, as a result; capped."""
    if isinstance(returned, ToolResult):
        return ToolResult(within(returned.text), within(returned.say, 400), returned.action)
    if returned is None:
        return ToolResult("")
    if isinstance(returned, str):
        return ToolResult(within(returned))
    return ToolResult(within(json.dumps(returned, ensure_ascii=False, default=str)))


def schema_of(shape: type[BaseModel]) -> dict[str, Any]:
    """Its JSON schema without titles, which only cost tokens."""
    schema: dict[str, Any] = _untitled(shape.model_json_schema())
    schema.setdefault("properties", {})
    schema.pop("description", None)
    return schema


def _untitled(part: Any) -> Any:
    if isinstance(part, list):
        return [_untitled(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: {name: _untitled(value) for name, value in each.items()}
        if key in ("properties", "$defs")
        else _untitled(each)
        for key, each in part.items()
        if key != "title"
    }


def _shape(function: Callable[..., Any]) -> tuple[str, type[BaseModel]]:
    """The name of the parameter that gets the `Use`, "" if none does; the model of the others."""
    hints = get_type_hints(function, include_extras=True)
    use, fields = "", {}
    for name, parameter in inspect.signature(function).parameters.items():
        kind = hints.get(name)
        if kind is Use:
            use = name
        elif kind is None or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ConfigurationError([f"{function.__name__}: the parameter {name} needs a type"])
        else:
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[name] = (_described(kind), default)
    try:
        return use, create_model(function.__name__, __base__=Arguments, **fields)
    except Exception as error:  # whatever pydantic says of a type that has no schema
        raise ConfigurationError(
            [f"{function.__name__}: {type(error).__name__}: {error}"]
        ) from None


def _described(kind: Any) -> Any:
    """`Annotated[str, "номер заказа"]` with the text as the schema's description."""
    if get_origin(kind) is not Annotated:
        return kind
    inner, *marks = get_args(kind)
    told = [Field(description=mark) if isinstance(mark, str) else mark for mark in marks]
    return Annotated[(inner, *told)]


def _faults(error: ValidationError) -> str:
    """Which arguments are wrong, for the model; without their values."""
    wrong = (
        f"{'.'.join(map(str, each['loc'])) or 'аргументы'}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    )
    return within("Неверные аргументы. " + "; ".join(wrong), 500)


async def _in_thread(run: Callable[[], Any]) -> Any:
    """What `run` returns, from a thread that nobody has to wait for."""
    if not _threads.acquire(blocking=False):
        raise ToolError("Сейчас слишком много обращений.")
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def tell(result: Any, fault: BaseException | None) -> None:
        if done.done():
            return
        if fault is None:
            done.set_result(result)
        else:
            done.set_exception(fault)

    def work() -> None:
        result, fault = None, None
        try:
            result = run()
        except BaseException as error:  # raised where it is waited for
            fault = error
        finally:
            _threads.release()
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, result, fault)

    threading.Thread(target=work, name="halo-tool", daemon=True).start()
    return await done
