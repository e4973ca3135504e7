"""Optional dependencies of commands."""

from __future__ import annotations

from importlib.util import find_spec

from bonescan.core.errors import MissingExtraError


def need_torch(command: str) -> None:
    """Refuse with the command that installs it where torch is missing.

    Raises:
        MissingExtraError: torch is not installed.
    """
    _need("torch", command, "train")


def need_matplotlib(command: str) -> None:
    """The same for matplotlib, which draws.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    _need("matplotlib", command, "evaluate")


def _need(module: str, command: str, extra: str) -> None:
    if find_spec(module) is None:
        raise MissingExtraError(
            f"bonescan {command} needs {module}, which is not installed",
            hint=f"Install it with: pip install 'bonescan[{extra}]'",
        )
