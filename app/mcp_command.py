"""What `plangate mcp` does."""

from __future__ import annotations

from datetime import datetime

from app.counter import open_counter
from app.feeding import known_secrets
from app.options import SessionOptions
from app.settings import load_settings
from app.tool_desk import tool_secrets
from app.tools_command import of_session
from domain.errors import ConfigError
from tools.limits import ToolLimits


async def serve(options: SessionOptions, as_of: datetime | None, port: int | None) -> None:
    """Serve the tools until the client goes, or until interrupted.

    Raises:
        ConfigError: the library is not installed.
        PlangateError: source, session or limits cannot be had.
    """
    try:
        import mcp  # noqa: F401  # only to say it better than the import inside would
    except ImportError as error:
        raise ConfigError(
            "plangate mcp needs a library that is not installed: pip install 'plangate[mcp]'"
        ) from error
    from app.mcp_server import make_server, serve_http, serve_stdio

    wanted, policy = of_session(options)
    async with open_counter(wanted, as_of, policy) as counter:
        keys = tool_secrets(wanted.tools or ToolLimits())
        server = make_server(counter, {**known_secrets(wanted, load_settings()), **keys})
        if port is None:
            await serve_stdio(server)
        else:
            await serve_http(server, port)
