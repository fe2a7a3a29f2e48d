"""Passwords: which are taken, and how they are kept (Argon2id, RFC 9106)."""
from __future__ import annotations

import hashlib
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..kernel.text import Text

SHORTEST, LONGEST = 10, 128
#: RFC 9106 §4, second recommended option: 64 MiB, three passes.
_STRONG = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
#: For demonstration accounts only: their one password is printed on the sign-in page anyway.
_DEMO = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
#: What an unknown name is verified against, so that it costs what a known one costs. It is the hash of 32
#: random bytes that were thrown away.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$+KHhk/mUUOizTOYx0ymG1g$K6Z24P"
    "FA0N8zjBWMe52V2RXB2lGHNVwiBazyszEE5nU"
)


def keep(password: str, *, demo: bool = False) -> str:
    """The form in which a password is stored, salted."""
    return (_DEMO if demo else _STRONG).hash(_normal(password))


def verify(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the stored one; with nothing stored, as slow and always False."""
    try:
        return _STRONG.verify(stored or _NOBODY, _normal(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def faults(password: str, *, username: str, name: str) -> list[Text]:
    """Why a password is not taken; nothing where it is (NIST SP 800-63B §5.1.1: length, not composition)."""
    found = []
    if not isinstance(password, str):
        return [Text("必须是文字。", "Must be text.")]
    plain = _normal(password).casefold()
    if len(plain) < SHORTEST:
        found.append(Text(f"至少 {SHORTEST} 位。", f"At least {SHORTEST} characters."))
    if len(plain) > LONGEST:
        found.append(Text(f"最多 {LONGEST} 位。", f"At most {LONGEST} characters."))
    if username.casefold() in plain or (name and name.casefold() in plain):
        found.append(Text("不能含有用户名或姓名。", "Must not hold the username or the name."))
    if len(set(plain)) < 5 or _sequence(plain):
        found.append(Text("过于简单。", "Too simple."))
    return found


def token_digest(secret: str) -> bytes:
    """What is kept of a token: its 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def _sequence(plain: str) -> bool:
    """Whether it is only a run along the keyboard or the alphabet, or back: 1234567890, qwertyuiop, abcdefghij."""
    rows = ("01234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
    return any(plain in row * 3 or plain in row[::-1] * 3 for row in rows)


def _normal(password: str) -> str:
    """One password for one look, whatever keyboard or input method typed it."""
    return unicodedata.normalize("NFKC", password)
