"""Evidence files: a case, or a selection of entries, with everything an outsider needs to believe it (trail.md §1.5).

One zip: the exact bytes, their proofs up to a signed checkpoint, the diagrams and forms, a signed list of all of it, and
``verify.py``, which needs only Python. What it proves is proven there, by code that shares nothing with the rest.
"""
from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from ... import clock
from ...errors import Conflict, Invalid
from ...kernel.text import Text
from ...kernel.trail import inclusion_proof
from ...kernel.trail.notes import sign_text
from ...kernel.values import dumps, timestamp
from .. import keys
from ..filters import Filters
from ..models import Checkpoint, Entry, Leaf
from ..tiles import Tiles
from . import verify

#: Entries in one file. More are better served by an export of everything and a verification of the store.
MOST = 100_000
#: Rooms that know what cases ran on: each callable gives, for ids of cases, files by their name in the zip.
ENCLOSED: list[Callable[[Collection[int]], Mapping[str, bytes]]] = []

_README = """\
证据文件 / Evidence file

本文件由岗责系统导出。核验：  python3 verify.py <本文件>  --key <该单位公布的日志公钥>
只需 Python 3.8 以上，不联网。请尽量使用另行取得的 verify.py。
entries.jsonl 每行是一条记录的原始字节；proofs.jsonl 是其在日志中的位置和证明（RFC 6962/9162）；
checkpoint.txt 是日志签名的检查点；manifest.txt 是签名的清单。

This file was exported by Gangze. To verify it:  python3 verify.py <this file>  --key <the log's public key as published>
It needs Python 3.8 or later and no network. Better use a verify.py that you got elsewhere.
Each line of entries.jsonl is one entry's exact bytes; proofs.jsonl has its place in the log and the proof
(RFC 6962/9162); checkpoint.txt is the log's signed checkpoint; manifest.txt the signed list of all files.
"""


def write(connection: Connection, out: BinaryIO, asked: Filters, progress: Callable[[int], Any]) -> int:
    """Write the entries that fit as an evidence file; of a whole case where they are exactly one case's.

    Only what a signed checkpoint covers can be proven: entries that wait for the next one are left out, and a whole
    case is refused until all of its entries are covered.

    Returns:
        How many entries are in it.

    Raises:
        Invalid: nothing fits, or too much.
        Conflict: the last checkpoint does not cover a case's entries yet.
        NoKey: the log's key is not here.
    """
    signed = connection.execute(
        select(Checkpoint.size, Checkpoint.note).order_by(Checkpoint.size.desc()).limit(1)
    ).first()
    size = signed.size if signed is not None else 0
    whole = asked.case is not None and asked == Filters(case=asked.case)
    count, covered = connection.execute(
        select(func.count(), func.count(Leaf.index).filter(Leaf.index < size))
        .select_from(Entry).outerjoin(Leaf, Leaf.entry_id == Entry.id).where(*asked.conditions())
    ).one()
    if not count:
        raise Invalid({"filters": [Text("没有符合条件的记录。", "No entry fits.")]})
    if count > MOST:
        raise Invalid({"filters": [Text(f"共 {count} 条，一份证据文件最多 {MOST} 条，请缩小范围。",
                                        f"{count} entries fit; an evidence file holds {MOST} at most: narrow it down.")]})
    if not covered or (whole and covered < count):
        raise Conflict(Text("最新记录尚待检查点签名，请几秒后再试。",
                            "The latest entries wait for the next signed checkpoint; try again in a few seconds."))
    bodies, proofs, cases, done = [], [], set(), 0
    tiles = Tiles(connection)
    rows = connection.execute(
        select(Entry.body, Entry.case_id, Leaf.index.label("place")).join(Leaf, Leaf.entry_id == Entry.id)
        .where(*asked.conditions(), Leaf.index < size).order_by(Leaf.index)
    )
    for done, row in enumerate(rows, 1):
        bodies.append(bytes(row.body) + b"\n")
        path = inclusion_proof(row.place, size, tiles)
        proofs.append(dumps({"index": row.place, "path": [step.hex() for step in path]}) + "\n")
        if row.case_id is not None:
            cases.add(row.case_id)
        if done % 1000 == 0:
            progress(done)
    files: dict[str, bytes] = {
        "README.txt": _README.encode(), "verify.py": Path(verify.__file__).read_bytes(),
        verify.ENTRIES: b"".join(bodies), verify.PROOFS: "".join(proofs).encode(),
        verify.CHECKPOINT: signed.note.encode(), verify.KEY: f"{keys.verifier()}\n".encode(),
    }
    for enclosed in ENCLOSED:
        files.update(enclosed(cases))
    files[verify.MANIFEST] = _manifest(files, asked, whole, done).encode()
    out.write(verify.packed(files))
    progress(done)
    return done


def _manifest(files: Mapping[str, bytes], asked: Filters, whole: bool, count: int) -> str:
    """The signed list of everything in the file, and what the file claims to be."""
    lines = [
        verify.VERSION, f"kind {'case' if whole else 'selection'}", f"asked {dumps(asked.facts())}",
        f"made {timestamp(clock.now())}", f"entries {count}",
        *(f"file {sha256(files[name]).hexdigest()} {name}" for name in sorted(files)),
    ]
    return sign_text("".join(f"{line}\n" for line in lines), keys.signing_key(create=False))

