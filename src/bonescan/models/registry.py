"""Which bundles there are: shipped inside the package, installed on this machine, or any folder named by path."""

from __future__ import annotations

from pathlib import Path

from bonescan.core.errors import UnknownModelError
from bonescan.core.settings import settings
from bonescan.models.bundle import MANIFEST

DEFAULT_MODEL = "joint"
SHIPPED = Path(__file__).parent / "bundles"


def list_bundles() -> list[Path]:
    """Folders of the shipped bundles, then of those below the setting `models_dir`, each by name.

    `load_bundle` opens one. An installed bundle in a folder with the name of a shipped one is left out; see
    `hidden_bundles`.

    Raises:
        UsageError: The settings cannot be read.
    """
    shipped = _below(SHIPPED)
    names = {folder.name for folder in shipped}
    return shipped + [folder for folder in _below(settings().models_dir) if folder.name not in names]


def hidden_bundles() -> list[Path]:
    """Folders of the installed bundles that no name means, since it is that of a shipped one.

    Raises:
        UsageError: The settings cannot be read.
    """
    names = {folder.name for folder in _below(SHIPPED)}
    return [folder for folder in _below(settings().models_dir) if folder.name in names]


def find_bundle(name_or_dir: str | Path) -> Path:
    """Folder of a bundle given by name or by path.

    A name never means a folder of the working directory while a bundle of that name is there; write ``./stepwise``.

    Args:
        name_or_dir: Name of a shipped or installed bundle, or any folder that holds a `bundle.json`.

    Raises:
        UnknownModelError: There is none; the message lists the names there are.
        UsageError: The settings cannot be read.
    """
    text = str(name_or_dir)
    known = {folder.name: folder for folder in list_bundles()}
    if isinstance(name_or_dir, str) and text in known:
        return known[text]
    folder = Path(name_or_dir)
    if (folder / MANIFEST).is_file():
        return folder
    names = ", ".join(known) or "none is installed"
    raise UnknownModelError(f"no model {text!r}", expected=f"a name ({names}) or a folder with a {MANIFEST}")


def _below(root: Path | None) -> list[Path]:
    return sorted(path.parent for path in root.glob(f"*/{MANIFEST}")) if root else []
