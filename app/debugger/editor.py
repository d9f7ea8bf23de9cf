"""A text in the editor that a person has named in `$VISUAL` or `$EDITOR`."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from domain.errors import ConfigError


def editor_command() -> list[str]:
    """The editor with its arguments; empty where none is named.

    Raises:
        ConfigError: what is named cannot be read as a command.
    """
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or ""
    try:
        return shlex.split(named)
    except ValueError as error:
        raise ConfigError(
            f"$EDITOR {named!r} is no command ({error}); write it such as 'vim -n'"
        ) from error


def edited_text(command: list[str], path: str, text: str) -> str:
    """The text as it is when the editor has ended; only its owner can read the file meanwhile.

    Args:
        command: The editor with its arguments; the file's name follows them.
        path: What the text is of; names the file.
        text: As it is.

    Raises:
        ConfigError: the editor cannot be started, failed, or left no text.
    """
    with tempfile.TemporaryDirectory(prefix="plangate-") as folder:
        file = Path(folder) / f"{path.replace('.', '-')}.json"
        file.write_text(text + "\n", encoding="utf-8")
        try:
            code = subprocess.run([*command, str(file)], check=False).returncode  # noqa: S603  # theirs
        except OSError as error:
            raise ConfigError(
                f"$EDITOR {command[0]!r} cannot be started: {error.strerror}; nothing was changed"
            ) from error
        if code:
            raise ConfigError(f"$EDITOR {command[0]!r} ended with {code}; nothing was changed")
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"what $EDITOR left cannot be read: {error}") from error
