"""The tree agrees with the standard's vectors, with itself, and with somebody else's implementation."""
from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.trail import (
    EMPTY_ROOT,
    BadProof,
    Frontier,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from tests.kernel.trail import EXAMPLES

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "merkle"
LEAVES = [leaf_hash(str(i).encode()) for i in range(2_000)]


def vectors(kind: str) -> list:
    files = sorted((CORPUS / kind).rglob("*.json"))
    if not files:
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"no corpus at ../shared/corpus/merkle/{kind}"))]
    return [pytest.param(file, id=str(file.relative_to(CORPUS / kind))) for file in files]


def b64(text: str | None) -> bytes:
    return base64.b64decode(text or "")


@pytest.mark.parametrize("file", vectors("inclusion"))
def test_a_public_inclusion_vector_is_judged_as_its_authors_say(file: Path):
    case = json.loads(file.read_text())
    proof = [b64(p) for p in case["proof"] or ()]
    try:
        verify_inclusion(case["leafIdx"], case["treeSize"], b64(case["leafHash"]), proof, b64(case["root"]))
    except BadProof:
        assert case["wantErr"]
    else:
        assert not case["wantErr"]


@pytest.mark.parametrize("file", vectors("consistency"))
def test_a_public_consistency_vector_is_judged_as_its_authors_say(file: Path):
    case = json.loads(file.read_text())
    proof = [b64(p) for p in case["proof"] or ()]
    try:
        verify_consistency(case["size1"], case["size2"], b64(case["root1"]), b64(case["root2"]), proof)
    except BadProof:
        assert case["wantErr"]
    else:
        assert not case["wantErr"]


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 6962 §2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def test_the_root_is_that_of_the_recursive_definition_at_every_small_size():
    tree = Tree(LEAVES[:70])
    for size in range(71):
        assert tree.root(size) == naive_root(LEAVES[:size])


def test_an_empty_tree_has_the_hash_of_nothing_as_its_root():
    assert Tree().root() == Frontier().root() == root_at(0, Tree().node) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_tree_agrees_with_pymerkle_at_every_size_up_to_2000():
    pymerkle = pytest.importorskip("pymerkle", reason="pymerkle (GPL, used in tests only) is not installed")
    theirs, ours, frontier = pymerkle.InmemoryTree(), Tree(), Frontier()
    for number, leaf in enumerate(LEAVES):
        theirs.append_entry(str(number).encode())
        ours.append(leaf)
        frontier.append(leaf)
        assert ours.root() == frontier.root() == theirs.get_root()
    for size in (1, 2, 3, 7, 8, 9, 255, 256, 257, 1000, 1999, 2000):
        for index in {0, size // 3, size - 1}:
            proof = theirs.prove_inclusion(index + 1, size).path  # theirs has the leaf itself in front
            assert ours.inclusion_proof(index, size) == proof[1:]
        for old in {1, size // 2 or 1, size}:
            proof = ours.consistency_proof(old, size)
            verify_consistency(old, size, ours.root(old), ours.root(size), proof)
            theirs_proof = theirs.prove_consistency(old, size)
            theirs_proof.verify(ours.root(old), ours.root(size))


def test_every_leaf_of_every_small_tree_is_proved_to_be_in_it_and_nowhere_else():
    tree = Tree(LEAVES[:33])
    for size in range(1, 34):
        for index in range(size):
            proof = inclusion_proof(index, size, tree.node)
            verify_inclusion(index, size, LEAVES[index], proof, tree.root(size))
            for other in {0, size - 1, index ^ 1} - {index}:
                with pytest.raises(BadProof):
                    verify_inclusion(other, size, LEAVES[index], proof, tree.root(size))


def test_every_small_tree_is_proved_to_continue_every_earlier_one():
    tree = Tree(LEAVES[:33])
    for size in range(1, 34):
        for old in range(1, size + 1):
            proof = consistency_proof(old, size, tree.node)
            verify_consistency(old, size, tree.root(old), tree.root(size), proof)


@settings(max_examples=EXAMPLES)
@given(st.integers(1, 700), st.data())
def test_a_tree_whose_past_was_changed_cannot_be_proved_to_continue_it(size, data):
    old = data.draw(st.integers(1, size))
    changed = data.draw(st.integers(0, old - 1))
    before, leaves = Tree(LEAVES[:old]), LEAVES[:size]
    leaves[changed] = leaf_hash(b"rewritten")
    after = Tree(leaves)
    with pytest.raises(BadProof):
        verify_consistency(old, size, before.root(), after.root(), after.consistency_proof(old))


@settings(max_examples=EXAMPLES)
@given(st.lists(st.integers(0, 600), max_size=5))
def test_a_frontier_fed_in_batches_of_any_size_equals_the_tree_and_reports_each_tile_once(batches):
    frontier, given_leaves, tiles = Frontier(), [], []
    for count in batches:
        batch = [leaf_hash(b"%d" % (len(given_leaves) + i)) for i in range(count)]
        given_leaves += batch
        tiles += frontier.extend(batch)
    tree = Tree(given_leaves)
    assert frontier.root() == tree.root()
    assert frontier.peaks == Frontier.load(len(tree), tree.node).peaks
    assert tiles == [(1, i, tree.node(8, i)) for i in range(len(tree) // 256)]


def test_a_frontier_reports_the_second_level_when_65536_leaves_are_there():
    leaf = leaf_hash(b"")
    frontier = Frontier()
    tiles = frontier.extend([leaf] * 65_536)
    assert [t[:2] for t in tiles[-2:]] == [(1, 255), (2, 0)]
    assert tiles[-1][2] == frontier.root()
    assert len(tiles) == 257


def test_a_frontier_with_peaks_that_do_not_fit_its_size_is_refused():
    with pytest.raises(ValueError, match="peaks"):
        Frontier(3, [LEAVES[0]])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 4), (4, 4)])
def test_there_is_no_proof_for_a_leaf_outside_the_tree(index, size):
    with pytest.raises(BadProof):
        inclusion_proof(index, size, Tree(LEAVES[:8]).node)


def test_there_is_no_proof_that_a_tree_continues_a_larger_or_an_empty_one():
    for old in (0, 5):
        with pytest.raises(BadProof):
            consistency_proof(old, 4, Tree(LEAVES[:8]).node)
    with pytest.raises(BadProof):
        Tree(LEAVES[:4]).root(5)
