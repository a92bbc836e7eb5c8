"""Checksums and other tests that tell a secret or an official number from what only looks like one."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter

_HEX = re.compile(r"[0-9a-f]{32,}")
_NOT_ALNUM = re.compile(r"[^0-9A-Za-z]")


def bare(text: str) -> str:
    """Only letters and digits, in upper case; digits of other scripts, which `\\d` finds too, as those of ASCII."""
    if not text.isascii():
        text = "".join(str(int(c)) if c.isdecimal() else c for c in text)
    return _NOT_ALNUM.sub("", text).upper()


def entropy(text: str) -> float:
    """Shannon's, in bits per character."""
    return _entropy(Counter(text))


def _entropy(counts: Counter[str]) -> float:
    total = counts.total()
    return -sum(n / total * math.log2(n / total) for n in counts.values()) if total else 0.0


def random_looking(text: str) -> bool:
    """Long and mixed as keys are: no word, no path, no placeholder."""
    if text.isascii() and sum(map(text.count, "0123456789")) < 2:
        return False  # most of what is asked about, in a tenth of the time
    counts = Counter(text)
    digits = sum(n for c, n in counts.items() if c.isdigit())
    return digits >= 2 and any(map(str.isalpha, counts)) and _entropy(counts) >= 3.0


def varied(text: str) -> bool:
    """As many different characters as chance gives."""
    return entropy(text) >= 3.5


def mixed_case(text: str) -> bool:
    """Hexadecimal, or of upper and lower case and digits: no name of a style sheet."""
    body = text.partition("-")[2]
    if _HEX.fullmatch(body):
        return entropy(body) >= 3.0
    return random_looking(body) and any(c.isupper() for c in body) and any(c.islower() for c in body)


def password_like(text: str) -> bool:
    """Something that a person or generator made up; no word of a form and no placeholder."""
    return any(c.isdigit() for c in text) and any(not c.isdigit() for c in text) and "(" not in text


def basic_credentials(text: str) -> bool:
    """Base64 of user:password."""
    try:
        return b":" in base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def luhn(digits: str) -> bool:
    """ISO/IEC 7812's check digit."""
    total = 0
    for place, c in enumerate(reversed(digits)):
        n = int(c) * (1 + place % 2)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


_CARDS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}"
    r"|6(?:011|5\d\d|4[4-9]\d)\d{12,15}|62\d{14,17}|35\d{14}|3(?:0[0-5]|[68]\d)\d{11}"
)


def card(text: str) -> bool:
    """A number that a card's issuer may have given."""
    digits = bare(text)
    return _CARDS.fullmatch(digits) is not None and len(set(digits)) > 1 and luhn(digits)


_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24,
    "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29,
}  # fmt: skip


def iban(text: str) -> bool:
    """ISO 13616: the country's length, and 1 modulo 97."""
    code = bare(text)
    if _IBAN_LENGTHS.get(code[:2]) != len(code):
        return False
    return int("".join(str(int(c, 36)) for c in code[4:] + code[:4])) % 97 == 1


def _weighted(digits: str, weights: tuple[int, ...]) -> int:
    return sum(int(d) * w for d, w in zip(digits, weights))


def aba(text: str) -> bool:
    """A routing number of a bank of the United States."""
    d = bare(text)
    return d != "0" * 9 and _weighted(d, (3, 7, 1) * 3) % 10 == 0


def us_ssn(text: str) -> bool:
    """Areas, groups and serials that are given; there is no check digit."""
    d = bare(text)
    return d[:3] not in ("000", "666") and d[0] != "9" and d[3:5] != "00" and d[5:] != "0000" and d != "078051120"


def uk_nino(text: str) -> bool:
    """Prefixes that are given."""
    code = bare(text)
    return code[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def uk_nhs(text: str) -> bool:
    """Modulo 11."""
    d = bare(text)
    check = 11 - _weighted(d, (10, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return check != 10 and check % 11 == int(d[9])


def de_steuer_id(text: str) -> bool:
    """ISO 7064 MOD 11,10, and one digit of the first ten that is there twice or three times."""
    d = bare(text)
    counts = sorted(Counter(d[:10]).values())
    if counts[-1] not in (2, 3) or counts.count(counts[-1]) > 1:
        return False
    product = 10
    for c in d[:10]:
        product = ((int(c) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(d[10])


def fr_nir(text: str) -> bool:
    """97 less the number modulo 97; Corsica's departments count as numbers."""
    code = bare(text)
    number = code[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(code[13:])


def es_dni(text: str) -> bool:
    """The letter of a DNI or NIE."""
    code = bare(text)
    number = code[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == code[-1]


_ODD = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", (
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10,
    22, 25, 24, 23,
)))  # fmt: skip


def it_codice_fiscale(text: str) -> bool:
    """The last letter, from odd and even places."""
    code = bare(text)
    total = sum(_ODD[c] for c in code[0:15:2])
    total += sum(int(c) if c.isdigit() else ord(c) - 65 for c in code[1:15:2])
    return chr(65 + total % 26) == code[15]


_VERHOEFF_D = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_P = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def in_aadhaar(text: str) -> bool:
    """Verhoeff's check digit."""
    state = 0
    for place, c in enumerate(reversed(bare(text))):
        state = int(_VERHOEFF_D[state][int(_VERHOEFF_P[place % 8][int(c)])])
    return state == 0


def br_cpf(text: str) -> bool:
    """Two check digits modulo 11."""
    d = bare(text)
    if len(set(d)) == 1:
        return False
    for length in (9, 10):
        total = sum(int(c) * (length + 1 - place) for place, c in enumerate(d[:length]))
        if total * 10 % 11 % 10 != int(d[length]):
            return False
    return True


def nl_bsn(text: str) -> bool:
    """The eleven test."""
    d = bare(text)
    return int(d) > 0 and _weighted(d, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def phone(text: str) -> bool:
    """As many digits as E.164 has."""
    return 8 <= sum(c.isdigit() for c in text) <= 15


def ip(text: str) -> bool:
    """Four bytes, and no address of nobody in particular."""
    parts = text.split(".")
    return all(int(part) < 256 and (part == "0" or part[0] != "0") for part in parts) and text not in (
        "127.0.0.1", "0.0.0.0", "255.255.255.255",
    )  # fmt: skip
