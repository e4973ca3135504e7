"""What stands in place of numbers, names and times: the same for the same patient, and nothing without the key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bonescan.core.errors import OutputError, UsageError
from bonescan.core.files import write_bytes

KEY_BYTES = 32
_MOST_DAYS = 3650
_DAY_S = 86400


@dataclass(frozen=True)
class Keyed:
    """Substitutes that depend on a key and the original alone.

    Attributes:
        key: The secret; who has it and the original can tell which substitute is whose, nobody else can.

    Example:
        >>> one, other = Keyed(b"k" * 32), Keyed(b"l" * 32)
        >>> one.uid("1.2.3") == one.uid("1.2.3") != other.uid("1.2.3")
        True
    """

    key: bytes

    def uid(self, original: str) -> str:
        """A UID in place of one, whatever its root: some scanners make theirs in the standard's. Empty stays empty."""
        if not original:
            return ""
        # A UUID (version 8: of one's own making) in the root that the standard gives it (PS3.5 B.2).
        digest = bytearray(self._digest("uid", original)[:16])
        digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80
        return f"2.25.{int.from_bytes(digest)}"

    def patient(self, original: str) -> str:
        """A patient's new id and name."""
        return "ANON-" + base64.b32encode(self._digest("patient", original)[:10]).decode()

    def shift(self, patient: str) -> timedelta:
        """How far a patient's dates and times are moved into the past: one to ten years, and part of a day."""
        number = int.from_bytes(self._digest("dates", patient)[:8])
        return -timedelta(days=365 + number % (_MOST_DAYS - 365), seconds=number // _MOST_DAYS % _DAY_S)

    def study(self, original: str) -> str:
        """A short name in place of the number of a study or object."""
        return "S-" + base64.b32encode(self._digest("study", original)[:5]).decode()

    @property
    def check(self) -> str:
        """What tells whether two keys are the same, and nothing else about them."""
        return self._digest("check", "")[:8].hex()

    def _digest(self, role: str, text: str) -> bytes:
        return hmac.new(self.key, f"{role}\0{text}".encode(), hashlib.sha256).digest()


def random_key() -> bytes:
    """A key that nobody has; substitutes made with it cannot be made again."""
    return secrets.token_bytes(KEY_BYTES)


def read_key(path: Path) -> bytes:
    """The key in a file; made, and readable by its owner alone, where the file is missing.

    Raises:
        UsageError: The file holds less than 16 bytes.
        OutputError: It cannot be read or made.
    """
    try:
        if not path.exists():
            write_bytes(path, random_key())
            path.chmod(0o600)
        key = path.read_bytes()
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"the key {path.name} cannot be read: {error.strerror}") from error
    if len(key) < 16:
        raise UsageError(f"the key {path.name} holds {len(key)} bytes", expected="at least 16")
    return key
