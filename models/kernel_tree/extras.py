# SPDX-License-Identifier: GPL-2.0-only
"""The optional packages that reading kernel text takes."""

import importlib
from typing import Any

from pte_review.models.kernel_tree.errors import TreeError

INSTALL = "pip install 'pte-review[tree]'"


def needed(*modules: str) -> tuple[Any, ...]:
    """The modules, imported. Raises TreeError that says what to install."""
    try:
        return tuple(importlib.import_module(module) for module in modules)
    except ImportError as error:
        raise TreeError(f"kernel text needs the package {error.name}: {INSTALL}") from None
