"""TFRecord's framing: length, its checksum, the bytes, their checksum; CRC-32C, masked."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_POLYNOMIAL = 0x82F63B78
_MASK = 0xA282EAD8
_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")


class BrokenRecord(ValueError):
    """The bytes are no record. `framed` tells whether they begin as one, with a length that is confirmed."""

    def __init__(self, message: str, index: int, framed: bool) -> None:
        super().__init__(message)
        self.index = index
        self.framed = framed


def _table() -> tuple[int, ...]:
    found = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        found.append(value)
    return tuple(found)


_TABLE = _table()


def masked_crc32c(data: bytes) -> int:
    """The checksum that TFRecord writes."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF


def records_of(content: bytes) -> Iterator[bytes]:
    """Every record. Raises `BrokenRecord` where one is cut or altered."""
    at = index = 0
    while at < len(content):
        if at + _HEADER.size > len(content):
            raise BrokenRecord(f"record {index} has no whole header", index, index > 0)
        length, checksum = _HEADER.unpack_from(content, at)
        if masked_crc32c(content[at : at + 8]) != checksum:
            raise BrokenRecord(f"the length of record {index} is not what was written", index, index > 0)
        begin, end = at + _HEADER.size, at + _HEADER.size + length
        if end + _FOOTER.size > len(content):
            raise BrokenRecord(f"record {index} has {len(content) - begin} bytes of {length}", index, True)
        data = content[begin:end]
        if masked_crc32c(data) != _FOOTER.unpack_from(content, end)[0]:
            raise BrokenRecord(f"record {index} is not what was written: its checksum is another", index, True)
        yield data
        at, index = end + _FOOTER.size, index + 1


def framed(data: bytes) -> bytes:
    """One record."""
    length = struct.pack("<Q", len(data))
    return b"".join(
        (length, _FOOTER.pack(masked_crc32c(length)), data, _FOOTER.pack(masked_crc32c(data)))
    )  # fmt: skip
