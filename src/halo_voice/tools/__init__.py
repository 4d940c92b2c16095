"""Tools for the model: functions, built in ones, HTTP, MCP servers. Imports `core` and `outgoing`.

A company's own tools are functions in a Python file beside its profile:

    from halo_voice.tools import Use, tool

    @tool("Остаток товара на складе.", filler="Секунду, смотрю склад.")
    async def stock(article: Annotated[str, "артикул"]) -> str: ...
"""

from halo_voice.core.errors import ToolError, ToolUnsure
from halo_voice.core.tools import ToolResult, Use
from halo_voice.tools.function import FunctionTool, tool

__all__ = ["FunctionTool", "ToolError", "ToolResult", "ToolUnsure", "Use", "tool"]
