"""The arithmetic of proof: leaves, trees, checkpoints. No storage, no clock."""
from __future__ import annotations

import hashlib


def leaf_hash(entry: bytes) -> bytes:
    """Hash of a log entry's exact bytes: SHA-256(0x00 || entry) (RFC 6962 §2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()
