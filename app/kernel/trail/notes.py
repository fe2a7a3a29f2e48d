"""Checkpoints as signed notes: C2SP signed-note and tlog-checkpoint, Ed25519 (RFC 8032).

A checkpoint is what a log says of itself: so many leaves, this root. Signed, it can leave the machine and be held
against the log later. The text format is that of the public transparency logs, so that their witnesses can read it.
"""
from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..text import Text

#: Signature type of an Ed25519 signature over the note's text (C2SP signed-note, Signature types).
ED25519 = b"\x01"
MAX_BYTES = 64 * 1024
MAX_SIGNATURES = 100
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_DASH = "— "
_PRIVATE = "PRIVATE+KEY+"


class BadNote(ValueError):
    """A note, or a key, that is not what it claims. ``text`` says why, for a person."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself.

    Attributes:
        origin: the log's name.
        size: number of leaves.
        root: 32 bytes.
        extensions: further lines, opaque to others.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The note text (C2SP tlog-checkpoint, Note text).

        Raises:
            BadNote: the checkpoint cannot be written down.
        """
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions)
        text = "".join(f"{line}\n" for line in lines)
        if Checkpoint.parse(text) != self:
            raise BadNote(Text("检查点含有换行或控制字符", "the checkpoint holds a line break"))
        return text

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint written in a note's text.

        Raises:
            BadNote: it is not exactly of the form.
        """
        _check_characters(text)
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] != "" or not all(lines[:-1]):
            raise BadNote(Text("检查点不足三行或含空行", "a checkpoint has at least three lines and no empty one"))
        origin, size, root, *extensions = lines[:-1]
        if not _SIZE.fullmatch(size):
            raise BadNote(Text("检查点的大小不是规范的十进制数", "the size is not a plain decimal number"))
        digest = _decode(root)
        if len(digest) != 32:
            raise BadNote(Text("检查点的根不是 32 字节", "the root is not 32 bytes long"))
        return cls(origin, int(size), digest, tuple(extensions))


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of a key, by the name that stands in its signatures."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.public) != 32:
            raise BadNote(Text("公钥不是 32 字节", "an Ed25519 public key is 32 bytes long"))

    @property
    def key_id(self) -> bytes:
        """The four bytes that stand before a signature (C2SP signed-note, Signatures)."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """A verifier from its text, ``name+hash+base64``.

        Raises:
            BadNote: it is not one, or its hash is not that of the key.
        """
        name, public = _parse_key(vkey)
        verifier = cls(name, public)
        if str(verifier) != vkey:
            raise BadNote(Text("密钥的校验值不符", "the key's hash does not fit the key"))
        return verifier

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    def verify(self, text: bytes, signature: bytes) -> bool:
        """Whether ``signature`` is this key's over ``text``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


class SigningKey:
    """A key that signs, with the name it signs under. Its text is a secret; its ``repr`` is not."""

    __slots__ = ("_private", "verifier")

    def __init__(self, name: str, seed: bytes) -> None:
        if len(seed) != 32:
            raise BadNote(Text("私钥不是 32 字节", "an Ed25519 private key is 32 bytes long"))
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        """A new key under ``name``, from the operating system's randomness."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """A key from its text, ``PRIVATE+KEY+name+hash+base64``.

        Raises:
            BadNote: it is not one.
        """
        if not text.startswith(_PRIVATE):
            raise BadNote(Text("不是私钥", "this is not a private key"))
        key = cls(*_parse_key(text.removeprefix(_PRIVATE)))
        if key.encode() != text:
            raise BadNote(Text("密钥的校验值不符", "the key's hash does not fit the key"))
        return key

    def encode(self) -> str:
        """The secret text of the key."""
        data = base64.b64encode(ED25519 + self._private.private_bytes_raw()).decode()
        return f"{_PRIVATE}{self.verifier.name}+{self.verifier.key_id.hex()}+{data}"

    def sign(self, text: bytes) -> bytes:
        """The bare signature over ``text``, 64 bytes."""
        return self._private.sign(text)

    def __repr__(self) -> str:
        return f"SigningKey({self.verifier})"


def sign(checkpoint: Checkpoint, key: SigningKey) -> str:
    """A checkpoint as a note signed by ``key``.

    Raises:
        BadNote: the checkpoint cannot be written down.
    """
    return sign_text(checkpoint.text(), key)


def open_note(note: str | bytes, verifiers: Iterable[Verifier]) -> Checkpoint:
    """The checkpoint of a note, if one of ``verifiers`` that bears the log's own name signed it.

    Args:
        note: the note as received.
        verifiers: the keys that are believed.

    Raises:
        BadNote: malformed, not signed by the log, or a believed key's signature is false.
    """
    text, signed = open_text(note, verifiers)
    checkpoint = Checkpoint.parse(text)
    if checkpoint.origin not in {v.name for v in signed}:
        raise BadNote(Text("检查点没有日志本身的有效签名", "the log itself has not signed this checkpoint"))
    return checkpoint


def sign_text(text: str, *keys: SigningKey) -> str:
    """Any text as a signed note.

    Raises:
        BadNote: the text is empty, does not end a line, or holds control characters.
    """
    _check_characters(text)
    if not text.endswith("\n"):
        raise BadNote(Text("正文须以换行结束", "the text must end with a line break"))
    lines = (
        f"{_DASH}{key.verifier.name} {base64.b64encode(key.verifier.key_id + key.sign(text.encode())).decode()}\n"
        for key in keys
    )
    return text + "\n" + "".join(lines)


def open_text(note: str | bytes, verifiers: Iterable[Verifier]) -> tuple[str, tuple[Verifier, ...]]:
    """The text of a signed note and whose signatures on it hold.

    Signatures of keys that are not among ``verifiers`` are passed over; a false one of a known key spoils the note
    (C2SP signed-note, Signatures).

    Raises:
        BadNote: malformed, a false signature, or none of a known key.
    """
    if isinstance(note, bytes):
        try:
            note = note.decode()
        except UnicodeDecodeError as error:
            raise BadNote(Text("不是 UTF-8", "the note is not UTF-8")) from error
    if len(note) > MAX_BYTES:
        raise BadNote(Text("过长", "the note is too long"))
    _check_characters(note)
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise BadNote(Text("没有签名", "the note has no signatures"))
    text, lines = head + "\n", tail.split("\n")[:-1]
    if len(lines) > MAX_SIGNATURES:
        raise BadNote(Text("签名过多", "the note has too many signatures"))
    known = {(v.name, v.key_id): v for v in verifiers}
    signed: list[Verifier] = []
    for line in lines:
        name, space, data = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space:
            raise BadNote(Text("签名行格式不对", "a signature line is malformed"))
        _check_name(name)
        signature = _decode(data)
        if len(signature) < 5:
            raise BadNote(Text("签名过短", "a signature is too short"))
        verifier = known.get((name, signature[:4]))
        if verifier is None:
            continue
        if not verifier.verify(text.encode(), signature[4:]):
            raise BadNote(Text(f"{name} 的签名无效", f"the signature of {name} is false"))
        signed.append(verifier)
    if not signed:
        raise BadNote(Text("没有已知密钥的签名", "no known key has signed the note"))
    return text, tuple(signed)


def _check_characters(text: str) -> None:
    if not text or any(c < " " and c != "\n" for c in text):
        raise BadNote(Text("为空或含控制字符", "empty, or holds control characters"))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadNote(Text("不是 UTF-8", "the note is not UTF-8")) from error


def _check_name(name: str) -> None:
    if not name or any(c.isspace() or c == "+" or c < " " for c in name):
        raise BadNote(Text("密钥名不得为空或含空格、加号", "a key's name is not empty and has no spaces and no plus"))


def _parse_key(text: str) -> tuple[str, bytes]:
    parts = text.split("+", 2)  # base64 may hold a plus, a name may not
    if len(parts) != 3:
        raise BadNote(Text("密钥格式不对", "a key is name+hash+data"))
    data = _decode(parts[2])
    if data[:1] != ED25519:
        raise BadNote(Text("不支持的密钥类型", "this kind of key is not supported"))
    return parts[0], data[1:]


def _decode(text: str) -> bytes:
    """Strict base64: one text for one value (RFC 4648 §3.5)."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise BadNote(Text("不是 base64", "this is not base64")) from error
    if base64.b64encode(data).decode() != text:
        raise BadNote(Text("base64 不规范", "this is not canonical base64"))
    return data
