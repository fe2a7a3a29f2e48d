"""The arithmetic of proof: leaves, trees, checkpoints. No storage, no clock.

``merkle`` has the tree and its proofs, ``notes`` the signed checkpoints (imported by itself: it needs cryptography).
"""
from __future__ import annotations

from .merkle import (
    EMPTY_ROOT,
    TILE,
    BadProof,
    Frontier,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)

__all__ = [
    "EMPTY_ROOT", "TILE", "BadProof", "Frontier", "Tree", "consistency_proof", "inclusion_proof", "leaf_hash",
    "node_hash", "root_at", "verify_consistency", "verify_inclusion",
]
