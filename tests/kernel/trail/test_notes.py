"""Checkpoints are written and read as the C2SP formats say, and nothing else is believed."""
from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.trail.notes import (
    BadNote,
    Checkpoint,
    SigningKey,
    Verifier,
    open_note,
    open_text,
    sign,
    sign_text,
)
from tests.kernel.trail import EXAMPLES

# The published example of the format's reference implementation (golang.org/x/mod/sumdb/note).
PRIVATE = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

KEY = SigningKey("gangze.local/log", bytes(range(32)))
OTHER = SigningKey("witness.example/w", bytes(32))
CHECKPOINT = Checkpoint("gangze.local/log", 12, bytes(32))


def test_the_published_example_is_signed_and_read_byte_for_byte():
    key = SigningKey.parse(PRIVATE)
    assert str(key.verifier) == PUBLIC
    assert key.encode() == PRIVATE
    note = sign_text(TEXT, key)
    assert note == TEXT + "\n" + SIGNATURE
    assert open_text(note, [Verifier.parse(PUBLIC)]) == (TEXT, (key.verifier,))


def test_a_checkpoint_is_three_lines_and_a_signature():
    note = sign(CHECKPOINT, KEY)
    text, signature = note.split("\n\n")
    assert text.split("\n") == ["gangze.local/log", "12", base64.b64encode(bytes(32)).decode()]
    assert re.fullmatch(r"— gangze\.local/log [A-Za-z0-9+/]+=*\n", signature)
    assert open_note(note, [KEY.verifier]) == CHECKPOINT
    assert open_note(note.encode(), [OTHER.verifier, KEY.verifier]) == CHECKPOINT


def test_extension_lines_are_signed_and_come_back():
    checkpoint = Checkpoint("gangze.local/log", 0, bytes(32), ("sm3 abc", "示范县"))
    assert open_note(sign(checkpoint, KEY), [KEY.verifier]) == checkpoint


def test_a_new_key_survives_being_written_down():
    key = SigningKey.generate("gangze.local/log")
    again = SigningKey.parse(key.encode())
    assert again.verifier == key.verifier
    assert Verifier.parse(str(key.verifier)) == key.verifier
    assert open_note(sign(CHECKPOINT, again), [key.verifier]) == CHECKPOINT


def test_a_key_does_not_show_its_secret():
    key = SigningKey.generate("gangze.local/log")
    assert key.encode().rpartition("+")[2] not in repr(key)
    assert "PRIVATE" not in repr(key)


def test_a_signature_of_an_unknown_key_is_passed_over():
    note = sign(CHECKPOINT, KEY) + sign(CHECKPOINT, OTHER).split("\n\n")[1]
    assert open_note(note, [KEY.verifier]) == CHECKPOINT


def test_a_false_signature_of_a_known_key_spoils_the_note_even_beside_a_good_one():
    false = OTHER.verifier.key_id + bytes(64)
    note = sign(CHECKPOINT, KEY) + f"— {OTHER.verifier.name} {base64.b64encode(false).decode()}\n"
    assert open_note(note, [KEY.verifier]) == CHECKPOINT
    with pytest.raises(BadNote, match="false"):
        open_note(note, [KEY.verifier, OTHER.verifier])


def test_a_witness_alone_does_not_make_a_checkpoint():
    with pytest.raises(BadNote, match="log itself"):
        open_note(sign(CHECKPOINT, OTHER), [KEY.verifier, OTHER.verifier])


def test_a_key_of_the_same_name_that_is_not_ours_is_not_believed():
    forger = SigningKey(KEY.verifier.name, bytes([7]) * 32)
    with pytest.raises(BadNote, match="no known key"):
        open_note(sign(CHECKPOINT, forger), [KEY.verifier])


@settings(max_examples=EXAMPLES)
@given(st.data())
def test_a_note_with_any_byte_changed_is_not_believed_as_another_checkpoint(data):
    note = bytearray(sign(CHECKPOINT, KEY).encode())
    place = data.draw(st.integers(0, len(note) - 1))
    note[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadNote):
        open_note(bytes(note), [KEY.verifier])


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize("text", [
    "", "\n", "log\n12\n", f"log\n12\n{ROOT}", f"\n12\n{ROOT}\n", f"log\n012\n{ROOT}\n", f"log\n-1\n{ROOT}\n",
    f"log\n+1\n{ROOT}\n", f"log\n1 \n{ROOT}\n", f"log\n１\n{ROOT}\n", f"log\n\n{ROOT}\n", f"log\n1\n{ROOT}\n\n",
    f"log\n99999999999999999999\n{ROOT}\n", f"log\n1\n{ROOT[:-1]}\n", f"log\n1\n{ROOT[:-2]}B=\n", "log\n1\nAAAA\n",
    f"log\r\n1\r\n{ROOT}\r\n", f"log\n1\n{ROOT}\nx\n\ny\n", f"lo\tg\n1\n{ROOT}\n", f"lo\x00g\n1\n{ROOT}\n",
])
def test_a_text_that_is_not_exactly_a_checkpoint_is_refused(text):
    with pytest.raises(BadNote):
        Checkpoint.parse(text)


@pytest.mark.parametrize("note", [
    "", "text\n", "text\n\n", "text\n\n\n", "text\n\n— name\n", "text\n\n- gangze.local/log AAAAAAAA\n",
    "text\n\n—  AAAAAAAA\n", "text\n\n— a+b AAAAAAAA\n", "text\n\n— name AAAA\n", "text\n\n— name !!!!\n",
    "text\n\n— name AAAAAAAA", "text\n\n" + "— name AAAAAAAA\n" * 101, "x" * 70_000 + "\n\n— name AAAAAAAA\n",
    b"\xff\n\n\xe2\x80\x94 name AAAAAAAA\n", "\ud800\n\n— name AAAAAAAA\n",
])
def test_a_malformed_note_is_refused(note):
    with pytest.raises(BadNote):
        open_text(note, [KEY.verifier])


@pytest.mark.parametrize("key", [
    "", "name", "name+00000000", "name+00000000+AQ==", PUBLIC.replace("c74f20a3", "c74f20a4"), PUBLIC[:-1],
    PUBLIC.replace("PeterNeumann", "Peter Neumann"), PUBLIC.replace("+AR", "+Ah"), PUBLIC.replace("c74f", "C74F"),
])
def test_a_malformed_verifier_key_is_refused(key):
    with pytest.raises(BadNote):
        Verifier.parse(key)


def test_a_public_key_is_not_taken_for_a_private_one():
    with pytest.raises(BadNote, match="private"):
        SigningKey.parse(PUBLIC)
    with pytest.raises(BadNote):
        SigningKey.parse(PRIVATE.replace("c74f20a3", "c74f20a4"))


@pytest.mark.parametrize("checkpoint", [
    Checkpoint("a\nb", 1, bytes(32)), Checkpoint("", 1, bytes(32)), Checkpoint("log", -1, bytes(32)),
    Checkpoint("log", 1, bytes(31)), Checkpoint("log", 1, bytes(32), ("",)), Checkpoint("log", 1, bytes(32), ("a\n",)),
    Checkpoint("log", 1, bytes(32), ("a\x1b",)),
])
def test_a_checkpoint_that_could_not_be_read_again_is_not_signed(checkpoint):
    with pytest.raises(BadNote):
        sign(checkpoint, KEY)
