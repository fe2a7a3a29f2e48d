#!/usr/bin/env python3
"""Verifies an evidence file of Gangze. Needs Python 3.8 or later and nothing else.

    python3 verify.py FILE [--key KEY] [--lang zh|en]

KEY is the log's public key as the office published it (name+hash+base64), or a file that holds it. Without it the
file's own key is used, which proves that the file is whole, not whose it is. Exit 0: everything holds; 1: it does not,
and the first fault is named; 2: wrong usage.

This file is shipped inside every evidence file. Whoever wants to be sure takes it from somewhere else.
"""
from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import sys
import zipfile

VERSION = "gangze.evidence/v1"
MANIFEST, ENTRIES, PROOFS, CHECKPOINT, KEY = "manifest.txt", "entries.jsonl", "proofs.jsonl", "checkpoint.txt", "key.txt"
DIAGRAM = "/process.bpmn"
#: Entries that end a case; what was still on its way may come after.
ENDS = ("case.completed", "case.terminated", "case.cancelled", "case.failed")
MOST_BYTES = 2_000_000_000


class Fault(Exception):
    """The first thing that does not hold: a sentence in Chinese and one in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


def verify(data: bytes, key: str | None = None) -> dict[str, list[tuple[str, str]]]:
    """What an evidence file proves.

    Args:
        data: the bytes of the file.
        key: the log's public key (C2SP signed-note, ``name+hash+base64``) as known from elsewhere; None: the file's own.

    Returns:
        ``proven`` and ``open`` (not proven by this file), each sentences (Chinese, English).

    Raises:
        Fault: something does not hold.
    """
    files = _unpacked(data)
    own = _text(files, KEY).strip()
    name, public = _key(key if key is not None else own)
    if key is not None and _key(own) != (name, public):
        raise Fault("文件所附公钥与给定的公钥不同：不是这份日志的证据。",
                    "the key in the file is not the key that was given: this is evidence of another log")
    facts = _manifest(files, name, public)
    size, root, others = _checkpoint(files, name, public)
    entries = _entries(files, size, root)
    if facts["entries"] != len(entries):
        raise Fault("清单所记条数与记录数不符。", "the manifest speaks of another number of entries")
    proven = [(
        f"{len(entries)} 条记录逐字节就是日志“{name}”中的记录；该日志共 {size} 条，由上述公钥签名。",
        f"the {len(entries)} entries are, byte for byte, in the log “{name}” of {size} entries, as signed by its key",
    )]
    left: list[tuple[str, str]] = []
    for subject, chain in _chains(entries).items():
        _chain(subject, chain, facts["kind"] == "case", proven, left)
    _diagrams(files, entries, proven, left)
    if key is None:
        left.append((
            f"签名公钥取自文件本身，尚未核对。请与该单位公布的公钥比对：{own}",
            f"the signing key is the file's own and was not checked. Compare it with the one the office has published: {own}",
        ))
    left.append((
        "日志密钥的持有者若改写整份日志并重新签名，单凭本文件不能发现；须有见证方联署或您自存的检查点。"
        + (f"检查点上另有联署(未核对)：{'、'.join(others)}。" if others else ""),
        "whoever holds the log's key could rewrite the whole log and sign it again; only a witness's signature or a "
        "checkpoint of your own would show it"
        + (f" (there are other signatures, not checked: {', '.join(others)})" if others else ""),
    ))
    left.append((
        "记录证明系统当时写下了什么；填报内容是否属实、机器时钟是否准确，不在证明之内。",
        "entries prove what the system wrote at the time, not that what people entered was true nor that its clock was right",
    ))
    return {"proven": proven, "open": left}


# -- the container ----------------------------------------------------------------------------------------------------

def packed(files: dict[str, bytes]) -> bytes:
    """The one way these files make a zip: stored, sorted, without dates. So no byte of it can be changed unseen."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, files[name])
    return out.getvalue()


def _unpacked(data: bytes) -> dict[str, bytes]:
    whole = Fault("不是完整的证据文件：无法读取，或已被截断、改动。",
                  "this is no whole evidence file: it cannot be read, or was cut or changed")
    if len(data) > MOST_BYTES:
        raise Fault("文件过大。", "the file is too large")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if any(i.compress_type != zipfile.ZIP_STORED or i.file_size > len(data) for i in infos):
                raise whole
            files = {i.filename: archive.read(i) for i in infos}
        same = len(files) == len(infos) and packed(files) == data
    except Fault:
        raise
    except Exception as error:  # zipfile raises what it likes for bytes that are no zip
        raise whole from error
    if not same:
        raise whole
    return files


def _text(files: dict[str, bytes], name: str) -> str:
    try:
        return files[name].decode("utf-8")
    except (KeyError, UnicodeDecodeError) as error:
        raise Fault(f"缺少 {name}，或无法读取。", f"{name} is missing or unreadable") from error


def _manifest(files: dict[str, bytes], name: str, public: bytes) -> dict[str, object]:
    """The signed list of everything in the file."""
    text, _ = _note(_text(files, MANIFEST), name, public, "清单", "the manifest")
    lines = text.split("\n")[:-1]
    said = dict(line.partition(" ")[::2] for line in lines[1:] if not line.startswith("file "))
    listed = dict(line.split(" ", 2)[:0:-1] for line in lines[1:] if line.startswith("file ") and line.count(" ") >= 2)
    if lines[0] != VERSION:
        raise Fault("清单的版本不认识。", "the manifest is of a version this program does not know")
    if set(listed) != set(files) - {MANIFEST}:
        raise Fault("文件与清单不一致：有缺少或多出的部分。",
                    "the file is not what its manifest lists: a part is missing or too many")
    for each, digest in sorted(listed.items()):
        if hashlib.sha256(files[each]).hexdigest() != digest:
            raise Fault(f"{each} 与清单所记摘要不符：已被改动。", f"{each} is not what the manifest lists: it was changed")
    try:
        return {"kind": said["kind"], "entries": int(said["entries"])}
    except (KeyError, ValueError) as error:
        raise Fault("清单无法读取。", "the manifest is unreadable") from error


# -- entries ----------------------------------------------------------------------------------------------------------

def _entries(files: dict[str, bytes], size: int, root: bytes) -> list[tuple[int, bytes, dict[str, object]]]:
    """(index in the log, leaf, what it says) of every entry, each proven to be under the root (RFC 9162 §2.1.3.2)."""
    bodies = files.get(ENTRIES, b"").split(b"\n")
    proofs = _text(files, PROOFS).split("\n")
    if bodies.pop() or proofs.pop() or len(bodies) != len(proofs):
        raise Fault("记录与证明的条数不符。", "there are not as many proofs as entries")
    found = []
    for number, (body, line) in enumerate(zip(bodies, proofs), 1):  # noqa: B905 - as many: just counted; Python 3.8
        try:
            said, proof = json.loads(body), json.loads(line)
            index, path = proof["index"], [bytes.fromhex(step) for step in proof["path"]]
            plain = isinstance(said, dict) and type(index) is int
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise Fault(f"第 {number} 条记录无法读取。", f"entry {number} of the file is unreadable") from error
        leaf = hashlib.sha256(b"\x00" + body).digest()
        if not plain or not included(index, size, leaf, path, root):
            raise Fault(f"第 {number} 条记录不在所签名的日志中。", f"entry {number} of the file is not in the signed log")
        found.append((index, leaf, said))
    return found


def included(index: int, size: int, leaf: bytes, path: list[bytes], root: bytes) -> bool:
    """Whether a leaf is at ``index`` of the tree of ``size`` leaves with this root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, value = index, size - 1, leaf
    for step in path:
        if last == 0 or len(step) != 32:
            return False
        if place & 1 or place == last:
            value = hashlib.sha256(b"\x01" + step + value).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            value = hashlib.sha256(b"\x01" + value + step).digest()
        place, last = place >> 1, last >> 1
    return last == 0 and value == root


def _chains(entries: list[tuple[int, bytes, dict[str, object]]]) -> dict[str, list[tuple[int, bytes, dict[str, object]]]]:
    chains: dict[str, list[tuple[int, bytes, dict[str, object]]]] = {}
    for entry in entries:
        chains.setdefault(str(entry[2].get("subject")), []).append(entry)
    return chains


def _chain(
    subject: str, chain: list[tuple[int, bytes, dict[str, object]]], whole: bool,
    proven: list[tuple[str, str]], left: list[tuple[str, str]],
) -> None:
    """Numbers without a gap and each entry naming the one before, where the file claims to hold the whole chain."""
    gaps, before = 0, (0, "00" * 32)
    for _, leaf, said in chain:
        seq = said.get("seq")
        if type(seq) is not int or seq <= before[0]:
            raise Fault(f"{subject} 的记录次序不对。", f"the entries of {subject} are not in their order")
        if seq == before[0] + 1:
            if said.get("prev") != before[1]:
                raise Fault(f"{subject} 第 {seq} 条与前一条不相接。", f"no. {seq} of {subject} does not follow the one before it")
        else:
            gaps += 1
        before = (seq, leaf.hex())
    if not whole:
        proven.append((f"{subject}：{len(chain)} 条，按写入次序排列。",
                       f"{subject}: {len(chain)} entries, in the order they were written"))
        if gaps:
            left.append((f"{subject}：这是摘录，其间另有记录未列入。",
                         f"{subject}: this is a selection, there are entries in between"))
        return
    if gaps:
        raise Fault(f"{subject} 的记录有缺。", f"entries of {subject} are missing")
    proven.append((
        f"{subject}：第 1 至 {before[0]} 条一条不缺，次序就是写入的次序。",
        f"{subject}: nos. 1 to {before[0]} are all there, in the order they were written",
    ))
    end = next((said for _, _, said in chain if said.get("what") in ENDS), None)
    if end is not None:
        proven.append((f"{subject}：已于第 {end['seq']} 条办结（{end['what']}），全过程俱在。",
                       f"{subject}: closed by no. {end['seq']} ({end['what']}); the whole case is here"))
    else:
        left.append((f"{subject}：尚未办结，此后的记录不在本文件内。",
                     f"{subject}: not closed yet; what came later is not in this file"))


def _diagrams(
    files: dict[str, bytes], entries: list[tuple[int, bytes, dict[str, object]]],
    proven: list[tuple[str, str]], left: list[tuple[str, str]],
) -> None:
    """The diagram each case says it ran on."""
    there = {hashlib.sha256(content).hexdigest() for name, content in files.items() if name.endswith(DIAGRAM)}
    for _, _, said in entries:
        if said.get("what") == "case.started":
            if said.get("diagram") in there:
                proven.append((f"{said['subject']}：所附流程图就是办件所依的流程图（SHA-256 {said['diagram']}）。",
                               f"{said['subject']}: the diagram in the file is the one it ran on (SHA-256 {said['diagram']})"))
            elif there:
                raise Fault(f"{said['subject']}：所附流程图不是办件所依的流程图。",
                            f"{said['subject']}: the diagram in the file is not the one it ran on")
            else:
                left.append((f"{said['subject']}：文件未附流程图。", f"{said['subject']}: the file holds no diagram"))


# -- signatures -------------------------------------------------------------------------------------------------------

def _key(text: str) -> tuple[str, bytes]:
    try:
        name, digest, data = text.strip().split("+", 2)
        raw = _decoded(data)
        good = raw[:1] == b"\x01" and len(raw) == 33 and _key_id(name, raw[1:]).hex() == digest
    except ValueError:
        good = False
    if not good:
        raise Fault("公钥无法读取。", "the public key is unreadable")
    return name, raw[1:]


def _decoded(text: str) -> bytes:
    """Strict base64, one text for one value (RFC 4648 §3.5): else a byte could be changed unseen."""
    data = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError(text)
    return data


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]


def _note(note: str, name: str, public: bytes, zh: str, en: str) -> tuple[str, list[str]]:
    """The text of a C2SP signed note that the key has signed, and who else signed it."""
    text, blank, tail = note.rpartition("\n\n")
    text += "\n"
    signed, others = False, []
    for line in tail.split("\n")[:-1]:
        who, _, data = line[2:].partition(" ")
        try:
            raw = _decoded(data) if line.startswith("\u2014 ") else b""
        except ValueError:
            raw = b""
        if (who, raw[:4]) != (name, _key_id(name, public)):
            others.append(who)
        elif signed or not ed25519(public, text.encode(), raw[4:]):
            blank = ""
        else:
            signed = True
    if not blank or not signed:
        raise Fault(f"{zh}的签名无效。", f"the signature of {en} is false")
    return text, others


def _checkpoint(files: dict[str, bytes], name: str, public: bytes) -> tuple[int, bytes, list[str]]:
    """Size and root of the log, as signed (C2SP tlog-checkpoint), and who else signed."""
    text, others = _note(_text(files, CHECKPOINT), name, public, "检查点", "the checkpoint")
    try:
        origin, size, root, *_ = text.split("\n")
        if origin != name:
            raise ValueError
        return int(size), _decoded(root), others
    except ValueError as error:
        raise Fault("检查点无法读取。", "the checkpoint is unreadable") from error


_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_I = pow(2, (_P - 1) // 4, _P)


def ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature holds (RFC 8032 §5.1.7)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r = _point(public), _point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= _L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % _L
    left, right = _times(s, _BASE), _sum(r, _times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % _P == 0 and (left[1] * right[2] - right[1] * left[2]) % _P == 0


def _point(data: bytes) -> tuple[int, int, int, int] | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _I % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _sum(p: tuple[int, int, int, int], q: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(n: int, p: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    found = (0, 1, 1, 0)
    while n:
        if n & 1:
            found = _sum(found, p)
        p, n = _sum(p, p), n >> 1
    return found


_BASE = _point((4 * pow(5, _P - 2, _P) % _P).to_bytes(32, "little"))


# -- the command ------------------------------------------------------------------------------------------------------

def main(arguments: list[str] | None = None) -> int:
    """Verify one file and say in plain words what is proven. Returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("file")
    parser.add_argument("--key")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh" if os.environ.get("LANG", "").startswith("zh") else "en")
    given = parser.parse_args(arguments)
    zh = given.lang == "zh"
    try:
        try:
            with open(given.file, "rb") as file:
                data = file.read(MOST_BYTES + 1)
            key = given.key
            if key is not None and os.path.exists(key):
                with open(key, encoding="utf-8") as file:
                    key = file.read(4096)
        except (OSError, UnicodeDecodeError) as error:
            raise Fault(f"文件无法读取：{error}", f"the file cannot be read: {error}") from error
        said = verify(data, key)
    except Fault as fault:
        print(("不成立：" + fault.zh) if zh else ("It does not hold: " + fault.en), file=sys.stderr)
        return 1
    print("已证明：" if zh else "Proven:")
    for text in said["proven"]:
        print("  ✓ " + text[0 if zh else 1])
    print("未证明：" if zh else "Not proven by this file:")
    for text in said["open"]:
        print("  · " + text[0 if zh else 1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
