"""The package's own source files and modules."""

from __future__ import annotations

import ast
import functools
import importlib
import pkgutil

import bonescan
from tests.contract.commands import SOURCE

TORCH_PLACES = ("bonescan.models.networks", "bonescan.training")
"""Packages that may import torch, and that need the train extra to be imported."""


def files():
    """Every Python file of the package."""
    return sorted(SOURCE.rglob("*.py"))


@functools.cache
def tree(path):
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"))


def modules():
    """Names of all modules that the base install can import, `__main__` ones left out."""
    names = [found.name for found in pkgutil.walk_packages(bonescan.__path__, "bonescan.", onerror=lambda _: None)]
    return [name for name in names if not name.endswith("__main__") and not name.startswith(TORCH_PLACES)]


def import_all():
    """Import all of them."""
    for name in modules():
        importlib.import_module(name)
