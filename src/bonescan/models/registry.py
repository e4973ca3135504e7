"""Which bundles there are: those shipped inside the package, and folders named by path."""

from __future__ import annotations

from pathlib import Path

from bonescan.core.errors import UnknownModelError
from bonescan.models.bundle import MANIFEST

DEFAULT_MODEL = "stepwise"
SHIPPED = Path(__file__).parent / "bundles"


def list_bundles() -> list[Path]:
    """Folders of the shipped bundles, by name; `load_bundle` opens one."""
    return sorted(path.parent for path in SHIPPED.glob(f"*/{MANIFEST}"))


def find_bundle(name_or_dir: str | Path) -> Path:
    """Folder of a bundle given by name or by path.

    A name never means a folder of the working directory while a bundle of that name is shipped; write ``./stepwise``.

    Args:
        name_or_dir: Name of a shipped bundle, or any folder that holds a `bundle.json`.

    Raises:
        UnknownModelError: There is none; the message lists the names there are.
    """
    text = str(name_or_dir)
    shipped = SHIPPED / text
    is_name = isinstance(name_or_dir, str) and Path(text).name == text and text not in (".", "..")
    if is_name and (shipped / MANIFEST).is_file():
        return shipped
    folder = Path(name_or_dir)
    if (folder / MANIFEST).is_file():
        return folder
    names = ", ".join(path.name for path in list_bundles()) or "none is shipped"
    raise UnknownModelError(f"no model {text!r}", expected=f"a name ({names}) or a folder with a {MANIFEST}")
