"""The tree as it is stored: leaves, and above them one hash for every 256."""
from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from ..errors import GangzeError
from ..kernel.text import Text
from ..kernel.trail.merkle import TILE, perfect
from .models import Leaf, LogNode

_WIDTH = 1 << TILE
_MAX_TILES = 256


class Damaged(GangzeError):
    """The log contradicts itself or what was signed. Nothing more is signed until a person has looked."""

    status, code = 500, "log-damaged"


def size(connection: Connection) -> int:
    """How many leaves the log has."""
    last = connection.execute(select(func.max(Leaf.index))).scalar()
    return 0 if last is None else last + 1


class Tiles:
    """Where the functions of kernel/trail/merkle.py get their nodes from: ``tiles(height, index)``.

    What was read is kept for the lifetime of the object, so use one for one question.

    Raises:
        Damaged: a hash that should be stored is not.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._tiles: dict[tuple[int, int], dict[int, bytes]] = {}

    def __call__(self, height: int, index: int) -> bytes:
        level, below = divmod(height, TILE)
        first, count = index << below, 1 << below
        tile = self._tile(level, first // _WIDTH)
        try:
            return perfect([tile[i] for i in range(first, first + count)])
        except KeyError as error:
            lost = error.args[0]
            raise Damaged(Text(
                f"日志树缺少第 {level} 层第 {lost} 号哈希。", f"The log's tree lacks hash {lost} of level {level}."
            )) from error

    def _tile(self, level: int, number: int) -> dict[int, bytes]:
        tile = self._tiles.get((level, number))
        if tile is None:
            first = number * _WIDTH
            if level:
                query = select(LogNode.index, LogNode.hash).where(LogNode.level == level)
                place = LogNode.index
            else:
                query, place = select(Leaf.index, Leaf.hash), Leaf.index
            if len(self._tiles) >= _MAX_TILES:
                self._tiles.clear()
            rows = self._connection.execute(query.where(place >= first, place < first + _WIDTH))
            tile = self._tiles[level, number] = {index: bytes(value) for index, value in rows}
        return tile
