"""Evidence files: what an outsider with nothing but Python can be sure of, and what they are told they cannot."""
from __future__ import annotations

import base64
import io
import os
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.change import Actor, change
from app.errors import Conflict, Invalid
from app.kernel.trail.notes import SigningKey
from app.trail import actions, keys, queries
from app.trail.actions import publish
from app.trail.evidence import verify
from tests.trail.house import ADA, case, write


@pytest.fixture
def closed(app):
    """Two cases, one of them closed, and things that belong to no case."""
    case(1)
    case(2)
    with change("work_item.completed", actor=ADA, subject="case:1") as c:
        c.entry("work_item.completed", case=1, node="file", decision="agree", opinion="属实")
        c.entry("case.completed", case=1)
    write("organisation", "appointment.given", actor=ADA)
    publish()
    return app


def exported(tmp_path: Path, **filters) -> Path:
    out = tmp_path / "evidence.zip"
    actions.export("evidence", out, actor=Actor.system("test"), **filters)
    return out


def outside(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The verifier out of the file itself, in a Python that has nothing but its standard library."""
    script = file.parent / "verify.py"
    script.write_bytes(zipfile.ZipFile(file).read("verify.py"))
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script), str(file), *arguments], capture_output=True, text=True, check=False,
        timeout=60, env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


def test_a_stranger_learns_what_is_proven_and_what_is_not(closed, tmp_path):
    file = exported(tmp_path, case=1)
    told = outside(file, "--key", str(queries.log_key()), "--lang", "en")
    assert told.returncode == 0, told.stderr
    assert "the 5 entries are, byte for byte, in the log “gangze.test/log”" in told.stdout.replace(
        str(queries.log_key().name), "gangze.test/log")
    assert "case:1: nos. 1 to 5 are all there, in the order they were written" in told.stdout
    assert "case:1: closed by no. 5 (case.completed); the whole case is here" in told.stdout
    assert "Not proven by this file" in told.stdout and "not that what people entered was true" in told.stdout
    chinese = outside(file, "--lang", "zh")
    assert "签名公钥取自文件本身，尚未核对" in chinese.stdout


def test_an_open_case_and_a_selection_do_not_claim_to_be_whole(closed, tmp_path):
    said = verify.verify(exported(tmp_path, case=2).read_bytes())
    assert any("not closed yet" in en for _, en in said["open"])
    said = verify.verify(exported(tmp_path, what=["work_item"]).read_bytes())
    assert any("there are entries in between" in en for _, en in said["open"])
    assert not any("all there" in en for _, en in said["proven"])


def test_every_single_byte_that_is_flipped_is_found(closed, tmp_path):
    data = exported(tmp_path, case=1).read_bytes()
    assert verify.verify(data)
    chance = random.Random(4)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(verify.Fault):
            verify.verify(bytes(changed))


def test_a_file_cut_short_or_of_another_kind_gets_one_sentence(closed, tmp_path):
    data = exported(tmp_path, case=1).read_bytes()
    for name, content in {"cut": data[:-1], "half": data[: len(data) // 2], "empty": b"", "text": b"not a zip at all",
                          "longer": data + b"x", "bomb": _zipped({"manifest.txt": b"0" * 100_000}, zipfile.ZIP_DEFLATED)}.items():
        file = tmp_path / name
        file.write_bytes(content)
        for lang, sentence in (("en", "It does not hold: this is no whole evidence file"), ("zh", "不成立：不是完整的证据文件")):
            told = subprocess.run([sys.executable, "-I", "-S", verify.__file__, str(file), "--lang", lang],
                                  capture_output=True, text=True, check=False, timeout=60,
                                  env={**os.environ, "PYTHONIOENCODING": "utf-8"})
            assert told.returncode == 1
            assert sentence in told.stderr and "Traceback" not in told.stderr and told.stderr.count("\n") == 1


def _zipped(files: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _files(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _signed_anew(files: dict[str, bytes], key: SigningKey) -> bytes:
    """The files with a manifest that fits them, signed by ``key``: what a forger with that key would make."""
    import hashlib

    from app.kernel.trail.notes import sign_text

    old = files.pop("manifest.txt").decode().rpartition("\n\n")[0].split("\n")
    lines = [line for line in old if not line.startswith("file ")]
    lines += [f"file {hashlib.sha256(files[name]).hexdigest()} {name}" for name in sorted(files)]
    files["manifest.txt"] = sign_text("".join(f"{line}\n" for line in lines), key).encode()
    return verify.packed(files)


def test_even_the_logs_own_key_cannot_forge_an_entry_drop_one_or_swap_two(closed, tmp_path):
    data, key = exported(tmp_path, case=1).read_bytes(), keys.signing_key(create=False)

    def forged(change) -> str:
        files = _files(data)
        entries, proofs = (files[n].decode().split("\n")[:-1] for n in ("entries.jsonl", "proofs.jsonl"))
        change(entries, proofs)
        files["entries.jsonl"] = "".join(f"{e}\n" for e in entries).encode()
        files["proofs.jsonl"] = "".join(f"{p}\n" for p in proofs).encode()
        files["manifest.txt"] = files["manifest.txt"].replace(b"entries 5\n", b"entries %d\n" % len(entries))
        with pytest.raises(verify.Fault) as fault:
            verify.verify(_signed_anew(files, key), str(queries.log_key()))
        return fault.value.en

    assert "not in the signed log" in forged(lambda e, p: e.__setitem__(3, e[3].replace("属实", "不实")))
    assert "are missing" in forged(lambda e, p: (e.pop(2), p.pop(2)))
    assert "not in their order" in forged(lambda e, p: (e.insert(1, e.pop(2)), p.insert(1, p.pop(2))))
    assert "not in the signed log" in forged(lambda e, p: p.__setitem__(0, p[1]))
    # One dropped from the end is not missing to anybody who does not know the log; but then nothing says it is closed.
    files = _files(data)
    for name in ("entries.jsonl", "proofs.jsonl"):
        files[name] = b"".join(line + b"\n" for line in files[name].split(b"\n")[:-2])
    files["manifest.txt"] = files["manifest.txt"].replace(b"entries 5\n", b"entries 4\n")
    said = verify.verify(_signed_anew(files, key))
    assert any("not closed yet" in en for _, en in said["open"])


def test_evidence_of_another_log_is_foreign(closed, tmp_path):
    data = exported(tmp_path, case=1).read_bytes()
    stranger = SigningKey.generate("elsewhere.example/log")
    with pytest.raises(verify.Fault, match="another log"):
        verify.verify(data, str(stranger.verifier))
    with pytest.raises(verify.Fault, match="signature of the manifest is false"):
        verify.verify(_signed_anew(_files(data), SigningKey.generate(queries.log_key().name)))


def test_what_no_checkpoint_covers_yet_is_not_called_proven(closed, tmp_path):
    write("case:2", "work_item.claimed", case=2, node="file")
    with pytest.raises(Conflict):
        exported(tmp_path, case=2)
    with pytest.raises(Invalid):
        exported(tmp_path, case=99)
    assert not (tmp_path / "evidence.zip").exists()
    publish()
    assert verify.verify(exported(tmp_path, case=2).read_bytes())


def test_the_command_verifies_a_file_with_the_offices_own_key(closed, tmp_path, monkeypatch):
    from app.trail.cli import audit

    monkeypatch.setenv("LANG", "C.UTF-8")
    closed.cli.add_command(audit)
    file = exported(tmp_path, case=1)
    told = closed.test_cli_runner().invoke(args=["audit", "verify", str(file)])
    assert told.exit_code == 0 and "whole case is here" in told.output and "was not checked" not in told.output
    file.write_bytes(file.read_bytes()[:-3])
    told = closed.test_cli_runner().invoke(args=["audit", "verify", str(file)])
    assert told.exit_code == 1


def test_the_verifiers_own_arithmetic_agrees_with_a_library(closed):
    """Ed25519 in plain Python against OpenSSL's, on good, changed and nonsense signatures."""
    chance = random.Random(1)
    for number in range(20):
        key = Ed25519PrivateKey.generate()
        public, message = key.public_key().public_bytes_raw(), bytes(chance.randrange(256) for _ in range(number))
        signature = key.sign(message)
        assert verify.ed25519(public, message, signature)
        assert not verify.ed25519(public, message + b"!", signature)
        spoiled = bytearray(signature)
        spoiled[chance.randrange(64)] ^= 1 << chance.randrange(8)
        assert not verify.ed25519(public, message, bytes(spoiled))
    assert not verify.ed25519(b"\xff" * 32, b"", bytes(64)) and not verify.ed25519(b"", b"", b"")
    assert base64.b64decode(str(queries.log_key()).split("+", 2)[2])[1:] == queries.log_key().public
