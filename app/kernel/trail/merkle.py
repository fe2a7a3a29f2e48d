"""Merkle trees as in RFC 6962 §2.1 and RFC 9162 §2.1: append-only, with proofs that are logarithmic in its size.

A tree is addressed by *perfect subtrees*: ``(height, index)`` covers the leaves from ``index << height`` up to, not
including, ``(index + 1) << height``. Such a node never changes once its last leaf is there, so a store may keep some
of them and compute the others; the functions below take the store as a callable ``node(height, index)``.
"""
from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

#: The root of a tree without leaves: the hash of nothing.
EMPTY_ROOT = hashlib.sha256().digest()
#: Height of a tile. :class:`Frontier` reports the nodes at multiples of it, one for every 256 below: enough to reach
#: any other node by reading at most 256 hashes a level (the layout of C2SP tlog-tiles).
TILE = 8

Node = Callable[[int, int], bytes]

_sha256 = hashlib.sha256


class BadProof(ValueError):
    """A proof that does not prove what it should, or a question that has no proof."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a log entry's exact bytes: SHA-256(0x00 || entry) (RFC 6962 §2.1)."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right) (RFC 6962 §2.1)."""
    return _sha256(b"\x01" + left + right).digest()


def perfect(hashes: Sequence[bytes]) -> bytes:
    """The node over 2**k equally high neighbours (one of them is itself).

    Raises:
        ValueError: their number is not a power of two.
    """
    if not hashes or len(hashes) & (len(hashes) - 1):
        raise ValueError(f"{len(hashes)} is not a power of two")
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [_sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


class Frontier:
    """The right edge of a growing tree: all that is needed to append and to know the root. Logarithmic memory.

    Args:
        size: how many leaves there are already.
        peaks: the hashes of the perfect subtrees they make up, highest first (one for every 1 bit of ``size``).
    """

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if size < 0 or len(self.peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} peaks, not {len(self.peaks)}")

    @classmethod
    def load(cls, size: int, node: Node) -> Frontier:
        """The frontier of a stored tree."""
        return cls(size, (node(height, index) for height, index in _peaks(0, size)))

    def append(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add one leaf hash; returns as :meth:`extend` does."""
        return self.extend((leaf,))

    def extend(self, leaves: Sequence[bytes]) -> list[tuple[int, int, bytes]]:
        """Add leaf hashes.

        Returns:
            ``(level, index, hash)`` of every node completed at height ``level * TILE``, in order of completion.
        """
        tiles: list[tuple[int, int, bytes]] = []
        width, at = 1 << TILE, 0
        while at < len(leaves):
            if not self.size & (width - 1) and len(leaves) - at >= width:
                self._push(TILE, perfect(leaves[at:at + width]), tiles)
                at += width
            else:
                self._push(0, leaves[at], tiles)
                at += 1
        return tiles

    def _push(self, height: int, node: bytes, tiles: list[tuple[int, int, bytes]]) -> None:
        """Add a perfect subtree; the size is a multiple of its width."""
        index = self.size >> height
        self.size += 1 << height
        peaks = self.peaks
        while True:
            if height and not height % TILE:
                tiles.append((height // TILE, index, node))
            if not index & 1:
                break
            node = _sha256(b"\x01" + peaks.pop() + node).digest()
            index >>= 1
            height += 1
        peaks.append(node)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return _fold(self.peaks)


class Tree:
    """A whole tree in memory: every node is kept, any root and proof can be asked for."""

    __slots__ = ("_levels",)

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self._levels[0])

    def append(self, leaf: bytes) -> int:
        """Add a leaf hash and return its index."""
        height, node = 0, leaf
        while True:
            level = self._levels[height]
            level.append(node)
            if len(level) & 1:
                return len(self) - 1
            node = node_hash(level[-2], level[-1])
            height += 1
            if height == len(self._levels):
                self._levels.append([])

    def node(self, height: int, index: int) -> bytes:
        """The hash of a perfect subtree."""
        return self._levels[height][index]

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` leaves (all, unless given)."""
        return root_at(self._within(size), self.node)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """As the function of this name."""
        return inclusion_proof(index, self._within(size), self.node)

    def consistency_proof(self, old: int, size: int | None = None) -> list[bytes]:
        """As the function of this name."""
        return consistency_proof(old, self._within(size), self.node)

    def _within(self, size: int | None) -> int:
        if size is None:
            return len(self)
        if not 0 <= size <= len(self):
            raise BadProof(f"the tree has {len(self)} leaves, not {size}")
        return size


def _peaks(start: int, end: int) -> Iterable[tuple[int, int]]:
    """The perfect subtrees that make up the leaves ``start`` to ``end``, highest first.

    ``start`` must be a multiple of the highest one's width, as it is for every subtree RFC 6962 speaks of.
    """
    while start < end:
        height = (end - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def _fold(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = _sha256(b"\x01" + peak + root).digest()
    return root


def _subtree(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) of RFC 6962 §2.1."""
    return _fold([node(height, index) for height, index in _peaks(start, end)])


def root_at(size: int, node: Node) -> bytes:
    """The root of the first ``size`` leaves of a stored tree (RFC 6962 §2.1)."""
    return _subtree(0, size, node)


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 §2.1.1: the neighbours on the way from a leaf up to the root.

    Raises:
        BadProof: there is no such leaf.
    """
    if not 0 <= index < size:
        raise BadProof(f"leaf {index} is not in a tree of {size}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            proof.append(_subtree(middle, end, node))
            end = middle
        else:
            proof.append(_subtree(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, size: int, node: Node) -> list[bytes]:
    """PROOF(old, D[size]) of RFC 6962 §2.1.2: that the first ``old`` leaves are still the same.

    Raises:
        BadProof: ``old`` is not between 1 and ``size`` (that a tree continues an empty one says nothing).
    """
    if not 0 < old <= size:
        raise BadProof(f"there is no proof from {old} leaves to {size}")
    if old == size:
        return []
    proof: list[bytes] = []
    start, end, whole = 0, size, True
    while old != end:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if old <= middle:
            proof.append(_subtree(middle, end, node))
            end = middle
        else:
            proof.append(_subtree(start, middle, node))
            start, whole = middle, False
    if not whole:
        proof.append(_subtree(start, end, node))
    return proof[::-1]


def _check_hashes(*hashes: bytes) -> None:
    for value in hashes:
        if not isinstance(value, bytes) or len(value) != 32:
            raise BadProof("a hash is 32 bytes long")


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that ``leaf`` is number ``index`` (0-based) of the ``size`` leaves under ``root`` (RFC 9162 §2.1.3.2).

    Raises:
        BadProof: the proof does not show it.
    """
    if not 0 <= index < size:
        raise BadProof(f"leaf {index} is not in a tree of {size}")
    _check_hashes(leaf, root, *proof)
    number, last, value = index, size - 1, leaf
    for neighbour in proof:
        if last == 0:
            raise BadProof("the proof is too long")
        if number & 1 or number == last:
            value = node_hash(neighbour, value)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            value = node_hash(value, neighbour)
        number >>= 1
        last >>= 1
    if last != 0:
        raise BadProof("the proof is too short")
    if value != root:
        raise BadProof("the proof leads to another root")


def verify_consistency(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree under ``root`` begins with the ``old`` leaves under ``old_root`` (RFC 9162 §2.1.4.2).

    Raises:
        BadProof: the proof does not show it.
    """
    if not 0 < old <= size:
        raise BadProof(f"there is no proof from {old} leaves to {size}")
    _check_hashes(*proof)
    if old == size:
        if proof:
            raise BadProof("the proof is too long")
        if old_root != root:
            raise BadProof("two roots for one size")
        return
    path = list(proof)
    if not old & (old - 1):  # the old tree is one perfect subtree: its root is the first node
        path.insert(0, old_root)
    if not path:
        raise BadProof("the proof is too short")
    number, last = old - 1, size - 1
    while number & 1:
        number >>= 1
        last >>= 1
    before = after = path[0]
    for neighbour in path[1:]:
        if last == 0:
            raise BadProof("the proof is too long")
        if number & 1 or number == last:
            before = node_hash(neighbour, before)
            after = node_hash(neighbour, after)
            while not number & 1 and number:
                number >>= 1
                last >>= 1
        else:
            after = node_hash(after, neighbour)
        number >>= 1
        last >>= 1
    if last != 0:
        raise BadProof("the proof is too short")
    if before != old_root:
        raise BadProof("the proof leads to another old root")
    if after != root:
        raise BadProof("the proof leads to another root")
