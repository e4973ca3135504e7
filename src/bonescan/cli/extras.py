"""Optional dependencies of commands."""

from __future__ import annotations

from importlib.util import find_spec

from bonescan.core.errors import MissingExtraError


def need_torch(command: str) -> None:
    """Refuse with the command that installs it where torch is missing.

    Raises:
        MissingExtraError: torch is not installed.
    """
    if find_spec("torch") is None:
        raise MissingExtraError(
            f"bonescan {command} needs torch, which is not installed",
            hint="Install it with: pip install 'bonescan[train]'",
        )
