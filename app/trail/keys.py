"""What must lie outside the database to hold it to its word: the log's key, and a copy of every checkpoint."""
from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from flask import current_app

from ..errors import GangzeError
from ..kernel.text import Text
from ..kernel.trail.notes import BadNote, Checkpoint, SigningKey, Verifier

#: A note of ours is far shorter; the end of the copies is searched for the last whole one.
_TAIL = 16 * 1024
_DASH = "— ".encode()


class NoKey(GangzeError):
    """The key that signs the log is not here, or is not the log's."""

    status, code = 503, "no-log-key"


def _folder() -> Path:
    return Path(current_app.config["GANGZE_HOME"]) / "keys"


def signing_key(*, create: bool) -> SigningKey:
    """The key that signs checkpoints, ``keys/log.key`` under GANGZE_HOME.

    Args:
        create: make one where there is none. Only right for a log without checkpoints: a second key would be a second
            log of the same name.

    Raises:
        NoKey: there is none, it cannot be read, or it was made for another GANGZE_ORIGIN.
    """
    path, origin = _folder() / "log.key", current_app.config["GANGZE_ORIGIN"]
    if not path.exists():
        if not create:
            raise NoKey(Text(
                f"缺少日志签名密钥 {path}:请从首次签名的机器复制该文件。",
                f"The log's key {path} is missing: copy it from the machine that signed first.",
            ))
        _create(path, origin)
    try:
        key = SigningKey.parse(path.read_text().strip())
    except (OSError, UnicodeDecodeError, BadNote) as error:
        raise NoKey(Text(f"日志签名密钥 {path} 无法读取。", f"The log's key {path} cannot be read.")) from error
    if key.verifier.name != origin:
        raise NoKey(Text(
            f"日志签名密钥属于 {key.verifier.name},与 GANGZE_ORIGIN={origin} 不符。",
            f"The log's key is that of {key.verifier.name}, not of GANGZE_ORIGIN={origin}.",
        ))
    return key


def verifier() -> Verifier:
    """The public half, ``keys/log.vkey``: enough to verify, and what an auditor is given.

    Raises:
        NoKey: neither half is here.
    """
    path = _folder() / "log.vkey"
    if path.exists():
        try:
            return Verifier.parse(path.read_text().strip())
        except (OSError, UnicodeDecodeError, BadNote) as error:
            raise NoKey(Text(f"日志公钥 {path} 无法读取。", f"The log's public key {path} cannot be read.")) from error
    return signing_key(create=False).verifier


def _create(path: Path, origin: str) -> None:
    """Write a new key whole or not at all; of two processes at once one wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        key = SigningKey.generate(origin)
    except BadNote as error:
        raise NoKey(Text(f"GANGZE_ORIGIN={origin} 不能用作日志名：{error.text.zh}。",
                         f"GANGZE_ORIGIN={origin} cannot be a log's name: {error.text.en}.")) from error
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".log.key-")  # mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(key.encode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        os.unlink(name)
    path.with_suffix(".vkey").write_text(f"{key.verifier}\n")


def copies_path() -> Path:
    """Where the copies are: notes in order, each followed by an empty line. Made to be carried off the machine."""
    return Path(current_app.config["GANGZE_HOME"]) / "checkpoints.txt"


def append_copies(later: Callable[[int], Iterable[str]]) -> None:
    """Bring the copies up to date.

    Done after the checkpoint is committed: a crash in between leaves a copy missing, which the next call makes good,
    and never a copy of something that was not kept.

    Args:
        later: the notes of all checkpoints larger than a size, in order.
    """
    path = copies_path()
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        size, end = _last(file)
        file.truncate(end)  # a half-written note of a process that was killed
        written = [file.write(note.encode() + b"\n") for note in later(size)]
        if written:
            file.flush()
            os.fsync(file.fileno())


def _last(file: BinaryIO) -> tuple[int, int]:
    """Size of the last checkpoint copied (0 for none), and where its copy ends."""
    length = file.seek(0, os.SEEK_END)
    start = max(0, length - _TAIL)
    file.seek(start)
    tail = file.read()
    end = tail.rfind(b"\n\n")
    while end >= 0:
        begin = tail.rfind(b"\n\n", 0, end)
        if begin >= 0 and tail.startswith(_DASH, begin + 2):
            before = tail.rfind(b"\n\n", 0, begin)
            text = tail[before + 2 if before >= 0 else 0:begin]
            try:
                return Checkpoint.parse(text.decode() + "\n").size, start + end + 2
            except (UnicodeDecodeError, BadNote):
                return 0, length  # somebody else wrote here: verification tells
        end = begin
    return 0, 0 if start == 0 else length


def read_copies() -> Iterator[str]:
    """Every whole note among the copies, in order."""
    path = copies_path()
    if not path.exists():
        return
    lines: list[str] = []
    with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            if line == "\n" and lines and lines[-1].startswith("— "):
                yield "".join(lines)
                lines.clear()
            else:
                lines.append(line)
