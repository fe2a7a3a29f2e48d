"""The trail for others: JSON Lines to compute with, CSV for spreadsheets, XES (IEEE 1849-2016) for process mining,
evidence files for whoever believes nothing.

Written as a stream, so the size of the trail does not matter; read from one consistent view, so what is written while
others work belongs together.
"""
from __future__ import annotations

import base64
import csv
import io
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from sqlalchemy import select
from sqlalchemy.engine import Connection

from ..errors import Invalid
from ..kernel.text import Text
from ..kernel.values import dumps, timestamp
from . import evidence
from .filters import Filters
from .models import Entry, Leaf
from .snapshot import BATCH, snapshot

#: Rooms that know what nodes are called: each callable gives, for ids of cases, the names of their nodes by node id.
NODE_NAMES: list[Callable[[Collection[int]], Mapping[int, Mapping[str, str]]]] = []

Progress = Callable[[int], Any]


def export(
    form: str, out: BinaryIO | str | os.PathLike[str], *, progress: Progress | None = None, **filters: Any
) -> int:
    """Write the entries that fit, in the order they were written (XES: case by case).

    Args:
        form: ``jsonl``, ``csv``, ``xes`` or ``evidence`` (a zip that proves itself, evidence/).
        out: where to: an open binary file, or a path. A path is written under another name and renamed when it is
            complete, so a full disk or a cancelled export leaves nothing that looks whole.
        progress: called now and then with the number written so far; what it raises cancels the export.
        filters: as in :class:`~app.trail.filters.Filters`.

    Returns:
        How many entries (XES: events) were written.

    Raises:
        Invalid: there is no such format.
        OSError: the file cannot be written.
    """
    write = FORMATS.get(form)
    if write is None:
        raise Invalid({"format": [Text(f"没有 {form} 格式。", f"There is no format {form}.")]})
    asked, told = Filters(**filters), progress or (lambda count: None)
    with snapshot() as connection:
        if isinstance(out, (str, os.PathLike)):
            with _whole_or_nothing(Path(out)) as file:
                return write(connection, file, asked, told)
        return write(connection, out, asked, told)


@contextmanager
def _whole_or_nothing(path: Path) -> Iterator[BinaryIO]:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    try:
        with os.fdopen(handle, "wb", buffering=1 << 18) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


_COLUMNS = (
    Entry.id, Entry.at, Entry.what, Entry.subject, Entry.seq, Entry.case_id, Entry.node, Entry.person_id, Entry.body,
    Entry.leaf, Leaf.index.label("index"),
)


def _batches(connection: Connection, asked: Filters, *conditions: Any, order: tuple[Any, ...]) -> Iterator[list[Any]]:
    query = select(*_COLUMNS).outerjoin(Leaf, Leaf.entry_id == Entry.id).where(*asked.conditions(), *conditions)
    result = connection.execute(query.order_by(*order), execution_options={"stream_results": True, "yield_per": BATCH})
    try:
        for batch in result.partitions():
            yield list(batch)
    finally:
        result.close()


def _decoded(body: bytes) -> dict[str, Any]:
    """What an entry says; nothing, if somebody has made it unreadable (verification tells)."""
    try:
        said = orjson.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


# -- JSON Lines -------------------------------------------------------------------------------------------------------

def _jsonl(connection: Connection, out: BinaryIO, asked: Filters, progress: Progress) -> int:
    """One line an entry. ``entry`` holds its exact bytes, so that its leaf can be computed from the file."""
    count = 0
    for rows in _batches(connection, asked, order=(Entry.id,)):
        lines = []
        for row in rows:
            index = b"null" if row.index is None else b"%d" % row.index
            lines.append(b'{"index":%b,"id":%d,"leaf":"%b",%b}\n' % (
                index, row.id, bytes(row.leaf).hex().encode(), _exact(bytes(row.body)),
            ))
        out.write(b"".join(lines))
        count += len(rows)
        progress(count)
    return count


def _exact(body: bytes) -> bytes:
    """The bytes as they are where they are one line of JSON, as base64 where they are not."""
    if b"\n" not in body and b"\r" not in body:
        try:
            orjson.loads(body)
            return b'"entry":' + body
        except ValueError:
            pass
    return b'"bytes":"' + base64.b64encode(body) + b'"'


# -- CSV --------------------------------------------------------------------------------------------------------------

CSV_COLUMNS = (
    "index", "id", "at", "what", "subject", "seq", "case", "node", "person", "name", "post", "department", "for",
    "machine", "decision", "opinion", "facts", "leaf",
)
#: A cell that begins so is a formula to a spreadsheet (OWASP, CSV Injection; the full-width forms count as well in
#: spreadsheets set to Chinese or Japanese).
_FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_REPEATED = frozenset({
    "v", "at", "subject", "seq", "prev", "what", "who", "case", "node", "decision", "opinion",
})


def _csv(connection: Connection, out: BinaryIO, asked: Filters, progress: Progress) -> int:
    """With a byte order mark, so that spreadsheets see that it is UTF-8; moments in UTC."""
    out.write("\ufeff".encode())
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(CSV_COLUMNS)
    count = 0
    for rows in _batches(connection, asked, order=(Entry.id,)):
        for row in rows:
            said = _decoded(bytes(row.body))
            who = said.get("who") if isinstance(said.get("who"), dict) else {}
            facts = {key: value for key, value in said.items() if key not in _REPEATED}
            writer.writerow([_cell(value) for value in (
                row.index, row.id, timestamp(row.at), row.what, row.subject, row.seq, row.case_id, row.node,
                row.person_id, who.get("name"), who.get("post"), who.get("department"), who.get("for"),
                who.get("machine"), said.get("decision"), said.get("opinion"), dumps(facts) if facts else None,
                bytes(row.leaf).hex(),
            )])
        out.write(buffer.getvalue().encode(errors="replace"))
        buffer.seek(0)
        buffer.truncate()
        count += len(rows)
        progress(count)
    if not count:
        out.write(buffer.getvalue().encode())
    return count


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else dumps(value)
    return "'" + text if _FORMULA.match(text) else text


# -- XES --------------------------------------------------------------------------------------------------------------

#: Which entries are events, and their transition in the standard life-cycle model (IEEE 1849-2016 §8.2). A node that
#: is worked on by people is told by its work items only: they say the same, and more.
TRANSITIONS = {
    "work_item.offered": "schedule", "work_item.allocated": "assign", "work_item.claimed": "start",
    "work_item.released": "schedule", "work_item.completed": "complete", "work_item.returned": "ate_abort",
    "work_item.withdrawn": "withdraw", "work_item.failed": "ate_abort", "work_item.transferred": "reassign",
    "work_item.started": "start", "work_item.skipped": "manualskip", "work_item.escalated": "reassign",
    "work_item.delegated": "reassign", "work_item.suspended": "suspend", "work_item.resumed": "resume",
    "node.entered": "start", "node.completed": "complete", "node.cancelled": "ate_abort", "node.failed": "ate_abort",
    "node.returned": "ate_abort",
}
_HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Gangze" prefix="gangze" uri="urn:gangze:xes:1"/>
<global scope="trace">
<string key="concept:name" value="UNKNOWN"/>
</global>
<global scope="event">
<string key="concept:name" value="UNKNOWN"/>
<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>
<string key="lifecycle:transition" value="unknown"/>
<string key="org:resource" value="UNKNOWN"/>
</global>
<classifier name="Activity" keys="concept:name"/>
<classifier name="Activity and transition" keys="concept:name lifecycle:transition"/>
<classifier name="Resource" keys="org:resource"/>
<string key="lifecycle:model" value="standard"/>
"""
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
#: What must be escaped in an attribute, and what XML 1.0 §2.2 cannot hold at all.
_SPECIAL = re.compile("[&<>\"\t\n\r]|[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: _ESCAPES.get(match[0], "\ufffd"), text)


def _element(key: str, value: Any) -> str:
    if isinstance(value, datetime):
        return f'<date key="{key}" value="{timestamp(value)[:-1]}+00:00"/>'
    if isinstance(value, int):
        return f'<int key="{key}" value="{value}"/>'
    text = value if isinstance(value, str) else dumps(value)
    return f'<string key="{key}" value="{_escaped(text)}"/>'


def _attributes(pairs: Iterable[tuple[str, Any]]) -> str:
    """Those that are there, each key once."""
    return "".join(_element(key, value) for key, value in dict(pairs).items() if value is not None)


def _xes(connection: Connection, out: BinaryIO, asked: Filters, progress: Progress) -> int:
    """A trace for each case, its events in their order."""
    out.write(_HEADER.encode())
    count, case = 0, None
    conditions = (Entry.case_id.is_not(None), Entry.node.is_not(None), Entry.what.in_(list(TRANSITIONS)))
    for rows in _batches(connection, asked, *conditions, order=(Entry.subject, Entry.seq)):
        ids = {row.case_id for row in rows}
        started, manned, names = _started(connection, ids), _manned(connection, ids), _node_names(ids)
        lines: list[str] = []
        for row in rows:
            if row.what.startswith("node.") and (row.case_id, row.node) in manned:
                continue
            if row.case_id != case:
                lines.append("<trace>\n" if case is None else "</trace>\n<trace>\n")
                lines.append(_trace(row.case_id, started.get(row.case_id, {})))
                case = row.case_id
            lines.append(_event(row, names.get(row.case_id, {})))
            count += 1
        out.write("".join(lines).encode())
        progress(count)
    out.write(b"</log>\n" if case is None else b"</trace>\n</log>\n")
    return count


def _trace(case_id: int, said: Mapping[str, Any]) -> str:
    number = said.get("number")
    return _attributes((
        ("concept:name", number if isinstance(number, str) else str(case_id)), ("gangze:case", case_id),
        ("gangze:title", said.get("title")), ("gangze:process", said.get("process")),
        ("gangze:version", said.get("version")), ("gangze:matter", said.get("matter")),
        ("gangze:diagram", said.get("diagram")), ("gangze:party", said.get("party")),
    )) + "\n"


def _event(row: Any, names: Mapping[str, str]) -> str:
    said = _decoded(bytes(row.body))
    who = said.get("who") if isinstance(said.get("who"), dict) else {}
    person, name = who.get("person"), who.get("name")
    resource = f"{name or ''} ({person})".strip() if person is not None else name or who.get("machine") or "UNKNOWN"
    instance = said.get("item", said.get("token"))
    own = said.get("name")
    return "<event>" + _attributes((
        ("concept:name", names.get(row.node) or (own if isinstance(own, str) else row.node)),
        ("concept:instance", None if instance is None else str(instance)),
        ("time:timestamp", row.at),
        ("lifecycle:transition", TRANSITIONS[row.what]),
        ("org:resource", resource), ("org:role", who.get("post")), ("org:group", who.get("department")),
        ("gangze:node", row.node), ("gangze:what", row.what), ("gangze:entry", row.id), ("gangze:index", row.index),
        ("gangze:leaf", bytes(row.leaf).hex()), ("gangze:for", who.get("for")),
        ("gangze:decision", "return" if row.what == "work_item.returned" else said.get("decision")),
        ("gangze:opinion", said.get("opinion")), ("gangze:rule", said.get("rule") or said.get("regulation")),
    )) + "</event>\n"


def _started(connection: Connection, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What the first entry of each case says."""
    rows = connection.execute(
        select(Entry.case_id, Entry.body).where(Entry.subject.in_([f"case:{key}" for key in ids]), Entry.what == "case.started")
    )
    return {row.case_id: _decoded(bytes(row.body)) for row in rows}


def _manned(connection: Connection, ids: Collection[int]) -> set[tuple[int, str]]:
    """The nodes of each case that people work on."""
    rows = connection.execute(
        select(Entry.case_id, Entry.node)
        .where(Entry.subject.in_([f"case:{key}" for key in ids]), Entry.what == "work_item.offered").distinct()
    )
    return {(row.case_id, row.node) for row in rows}


def _node_names(ids: Collection[int]) -> dict[int, Mapping[str, str]]:
    names: dict[int, Mapping[str, str]] = {}
    for known in NODE_NAMES:
        names.update(known(ids))
    return names


FORMATS: dict[str, Callable[[Connection, BinaryIO, Filters, Progress], int]] = {
    "jsonl": _jsonl, "csv": _csv, "xes": _xes, "evidence": evidence.write,
}
