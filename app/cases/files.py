"""Attachments: bytes by their SHA-256 under GANGZE_HOME, rows that say who handed in what."""
from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from flask import current_app
from sqlalchemy import select, update

from ..change import Actor, change
from ..errors import Invalid, NotFound, Unavailable
from ..extensions import db
from ..kernel.forms import Form
from ..kernel.text import Text
from .models import Attachment

ATTACHMENT = Attachment.__table__
#: What may be handed in, by the first bytes of the file: a name and a declared type prove nothing.
SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"),
    (b"PK\x03\x04", "application/zip"), (b"\xd0\xcf\x11\xe0", "application/x-ole-storage"),
)
PLAIN = {".txt": "text/plain", ".csv": "text/csv", ".xml": "text/xml", ".ofd": "application/zip"}


def folder() -> Path:
    """Where attachments lie."""
    return current_app.config["GANGZE_HOME"] / "files"


def path(sha256: str) -> Path:
    """Where the bytes with this digest lie."""
    return folder() / sha256[:2] / sha256


def store(stream: BinaryIO, name: str, *, actor: Actor) -> dict[str, Any]:
    """Keep a file that somebody hands in.

    Args:
        stream: its bytes, read to the end.
        name: its name on the sender's machine; only the last part is kept.

    Returns:
        ``{"id", "name", "size", "sha256"}``, as forms hold it.

    Raises:
        Invalid: empty, too large or of a kind that is not taken.
        Unavailable: the disk did not take it.
    """
    name = (name.replace("\\", "/").rsplit("/", 1)[-1].strip() or "file")[-200:]
    limit = current_app.config["MAX_CONTENT_LENGTH"]
    folder().mkdir(parents=True, exist_ok=True)
    digest, size, head = hashlib.sha256(), 0, b""
    with tempfile.NamedTemporaryFile(dir=folder(), delete=False) as file:
        try:
            while block := stream.read(1 << 16):
                head = head or block[:16]
                size += len(block)
                if size > limit:
                    raise Invalid({"file": [Text(f"文件超过 {limit >> 20} MB", f"the file is larger than {limit >> 20} MB")]})
                digest.update(block)
                file.write(block)
            media_type = _kind(head, name) if size else None
            if media_type is None:
                raise Invalid({"file": [Text(
                    "空文件或不接受的类型(可用：PDF、图片、Office 文档、OFD、文本)",
                    "an empty file or a kind that is not taken (PDF, images, office documents, OFD, text)",
                )]})
            file.flush()
            os.fsync(file.fileno())
            target = path(digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            os.replace(file.name, target)
        except OSError as error:
            Path(file.name).unlink(missing_ok=True)
            raise Unavailable(Text(
                "数据没有保存：存储暂不可用，请稍后再试。", "Nothing was saved: the store is not available, try again later."
            )) from error
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    with change("attachment.stored", actor=actor, subject="attachments") as c:
        row = {
            "name": name, "media_type": media_type, "size": size, "sha256": digest.hexdigest(),
            "uploaded_by": actor.person_id, "at": c.now,
        }
        key = c.connection.execute(ATTACHMENT.insert().returning(ATTACHMENT.c.id), row).scalar_one()
        c.entry("attachment.stored", attachment=key, name=name, size=size, sha256=row["sha256"])
    return {"id": key, "name": name, "size": size, "sha256": row["sha256"]}


def _kind(head: bytes, name: str) -> str | None:
    for signature, media_type in SIGNATURES:
        if head.startswith(signature):
            return media_type
    return PLAIN.get(Path(name).suffix.lower()) if b"\x00" not in head else None


def describe(
    form: Form, given: Mapping[str, Any], case_id: int, person: int
) -> tuple[dict[str, Any], dict[str, list[Text]]]:
    """Replace attachment ids in file fields by what is known of them.

    Only files of this case, or ones this person has handed in and no case has yet, count: nobody attaches a file they
    may not see.
    """
    values, errors = dict(given), {}
    for field in form.fields:
        if field.widget != "file" or not values.get(field.name):
            continue
        found, wrong = named(values[field.name], case_id, person)
        if wrong is not None:
            errors[field.name] = [wrong]
        else:
            values[field.name] = found
    return values, errors


def named(listed: Any, case_id: int, person: int) -> tuple[list[dict[str, Any]], Text | None]:
    """What is known of attachments named by their ids (or by mappings with an ``id``), and what is wrong with them."""
    try:
        ids = [int(v["id"] if isinstance(v, Mapping) else v) for v in (listed if isinstance(listed, list) else [listed])]
        if not all(0 < i < 2**63 for i in ids):
            raise ValueError
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return [], Text("不是附件", "not an attachment")
    rows = {
        row.id: row for row in db.session.execute(select(ATTACHMENT).where(ATTACHMENT.c.id.in_(ids))).all()
        if row.case_id == case_id or (row.case_id is None and row.uploaded_by == person)
    }
    if missing := [i for i in ids if i not in rows]:
        return [], Text(f"没有附件 {missing[0]}", f"there is no attachment {missing[0]}")
    return [{"id": i, "name": rows[i].name, "size": rows[i].size, "sha256": rows[i].sha256} for i in ids], None


def adopt(act: Any, person: int, answers: Mapping[str, Any]) -> None:
    """The files handed in with a form now belong to the case."""
    ids = [
        file["id"] for value in answers.values() if isinstance(value, list)
        for file in value if isinstance(file, Mapping) and "sha256" in file and "id" in file
    ]
    if ids:
        act.c.connection.execute(update(ATTACHMENT).where(
            ATTACHMENT.c.id.in_(ids), ATTACHMENT.c.case_id.is_(None), ATTACHMENT.c.uploaded_by == person
        ).values(case_id=act.id))


def of_case(case_id: int) -> list[Attachment]:
    """The attachments of a case, oldest first."""
    return list(db.session.scalars(select(Attachment).where(Attachment.case_id == case_id).order_by(Attachment.id)))


def get(attachment_id: int) -> Attachment:
    """One attachment.

    Raises:
        NotFound: there is none with that id.
    """
    row = db.session.get(Attachment, attachment_id)
    if row is None:
        raise NotFound(Text("没有这个附件", "there is no such attachment"))
    return row
