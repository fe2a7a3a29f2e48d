"""The bureau again, for those who mean it ill."""
from __future__ import annotations

from tests.api.conftest import world

__all__ = ["world"]
