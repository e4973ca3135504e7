"""Settings of the machine: which model, which runtime, how many threads, and how the DICOM node behaves.

Read, first found wins, from environment variables `BONESCAN_<FIELD>` (those of the node: `BONESCAN_NODE__<FIELD>`) and
one file `bonescan.toml`: the one that `BONESCAN_CONFIG` names, else the one in the working folder, else the user's
(`$XDG_CONFIG_HOME/bonescan/bonescan.toml`, by default under `~/.config`). What a model was trained with is not a
setting but its recipe; what one call should do is an argument of it, which wins over both.
"""

from __future__ import annotations

import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from bonescan.core.errors import UsageError
from bonescan.core.node_settings import NodeSettings

FILE_NAME = "bonescan.toml"
_READABLE = "Let this account read the file and its folder, or run as the one that may"
CONFIG_VARIABLE = "BONESCAN_CONFIG"


class Settings(BaseSettings):
    """Settings of the machine; unknown keys in the file are refused.

    Example:
        >>> Settings(threads=2).threads
        2
    """

    model_config = SettingsConfigDict(
        env_prefix="BONESCAN_", env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    model: str = Field(
        default="joint",
        min_length=1,
        description="Bundle used when a call names none: the name of a shipped or installed one, or a folder.",
    )
    models_dir: Path | None = Field(
        default=None,
        description="Folder with further bundles, one folder each, found by name beside the shipped ones.",
    )
    backend: Literal["auto", "openvino", "onnxruntime"] = Field(
        default="auto",
        description="Runtime of the networks: OpenVINO where installed, else ONNX Runtime (auto), or one by name.",
    )
    threads: int | None = Field(
        default=None, ge=1, le=1024, description="Threads of the runtime; by default all cores the process may use."
    )
    node: NodeSettings = Field(
        default_factory=NodeSettings, description="The DICOM node, a table of its own: see the settings of the node."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then `bonescan.toml`; nothing else."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file())


def config_file() -> Path | None:
    """The `bonescan.toml` that applies, or None.

    Raises:
        UsageError: `BONESCAN_CONFIG` names a file that does not exist, or nobody lets us look for one.
    """
    try:
        return _config_file()
    except OSError as error:
        raise UsageError(f"cannot look for {FILE_NAME}: {error}", hint=_READABLE) from error


def _config_file() -> Path | None:
    if named := os.environ.get(CONFIG_VARIABLE):
        if not Path(named).is_file():
            raise UsageError(f"{CONFIG_VARIABLE} names {named}, which is no file", hint="Correct it or unset it")
        return Path(named)
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    candidates = (Path(FILE_NAME), Path(home).expanduser() / "bonescan" / FILE_NAME)
    return next((path for path in candidates if path.is_file()), None)


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once; `settings.cache_clear()` has them read again.

    Raises:
        UsageError: The file cannot be read or is no TOML, or a value is unknown or out of its range.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors())
        raise UsageError(
            f"settings are wrong: {problems}", hint=f"See the table of settings, and check {_origin()}"
        ) from error
    except SettingsError as error:
        raise UsageError(
            f"settings are wrong: {error}", hint='A list in a variable is written ["A", "B"]; see the table of settings'
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{_origin()} is not valid TOML: {error}") from error
    except OSError as error:
        raise UsageError(f"cannot read the settings: {error}", hint=_READABLE) from error


def _origin() -> str:
    file = config_file()
    return f"{file} and the BONESCAN_ variables" if file else "the BONESCAN_ variables"
