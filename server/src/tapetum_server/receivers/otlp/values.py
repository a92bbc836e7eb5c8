"""Attributes from protobuf bytes: a reader that remembers, and never fails a neighbour.

Reading is optimistic: `AttributeReader.fast` maps raw attribute bytes to (key, value) and
raises `Careful` when there is anything to say about a record (too long, too deep, bad UTF-8,
malformed). The decoder then reads that batch again record by record with `pairs`, which notes
what was cut and for which record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from struct import unpack_from
from typing import Any, NoReturn

from google.protobuf.message import DecodeError

from tapetum_server.receivers.otlp.limits import Limits
from tapetum_server.receivers.otlp.schema import AnyValue, ArrayValue, KeyValue, KeyValueList, Status
from tapetum_server.signals.attributes import AttributeValue
from tapetum_server.signals.limits import TOO_DEEP

Note = Callable[[str], object]
"""Called with a reason when a record is kept with less than was sent."""

_CACHED_BYTES = 96
_CACHE_ENTRIES = 32_768
"""Worst case about 10 MB. A full cache is emptied: what is common is back after one request."""
_VALUES_PER_KEY = 1024


class Careful(Exception):
    """The fast path met something that has to be noted: read these records one by one."""


class Malformed(Exception):
    """The bytes of one record are not what OTLP says they should be."""


def _careful(_reason: str) -> NoReturn:
    raise Careful


class TextCache(dict[bytes, str]):
    """Texts that occur again and again (names, keys, versions), each decoded once and shared."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self.max_bytes = max_bytes

    def __missing__(self, raw: bytes) -> str:
        if len(raw) > self.max_bytes:
            raise Careful
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise Careful from None
        if len(raw) <= _CACHED_BYTES:
            if len(self) >= _CACHE_ENTRIES:
                self.clear()
            self[raw] = text
        return text


class _Prefixes(dict[bytes, str]):
    """The bytes before a `KeyValue`'s value, 0A n key, to the key. Anything else is `Careful`."""

    def __init__(self, max_key_bytes: int) -> None:
        super().__init__()
        self.max_key_bytes = max_key_bytes

    def __missing__(self, prefix: bytes) -> str:
        size = len(prefix) - 2
        if prefix[0] != 10 or prefix[1] != size or not 0 < size < 128 or size > self.max_key_bytes:
            raise Careful
        key = prefix[2:].decode()
        if len(self) >= _CACHE_ENTRIES:
            self.clear()
        self[prefix] = key
        return key


class _Heads(dict[int, tuple[bytes, int]]):
    """What precedes the text of a canonical string value, by the number of bytes from there to
    the end of the `KeyValue`: 12 n 0A m, and its length. A length fixes these bytes entirely."""

    def __missing__(self, rest: int) -> tuple[bytes, int]:
        for size in range(4, 9):
            if size <= rest:
                inner = b"\n" + _varint(rest - size)
                head = b"\x12" + _varint(rest - size + len(inner)) + inner
                if len(head) == size:
                    break
        else:  # lengths at which no canonical encoding ends: never a prefix of anything
            head, size = b"\xff\xff", 2
        self[rest] = head, size
        return head, size


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


_HEADS = _Heads()


class AttributeReader(dict[bytes, tuple[str, AttributeValue]]):
    """Raw `KeyValue` bytes to (key, value). As a dict it remembers short scalar attributes.

    Most attributes of a request are repeats (`gen_ai.system=openai`), so one lookup of the raw
    bytes replaces reading them, and equal keys and values are one object in memory. Shared by
    threads: every entry is a pure function of its key.
    """

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self.limits = limits
        self._prefixes = _Prefixes(limits.max_key_bytes)
        self._values_of: dict[str, int] = {}
        self.texts = TextCache(limits.max_attribute_value_bytes)
        self.statuses = _StatusCache(self)
        self._quick_bytes = min(limits.max_attribute_value_bytes, 16_384)

    @property
    def fast(self) -> Callable[[bytes], tuple[str, AttributeValue]]:
        """The optimistic reader, for use with `map`."""
        return self.__getitem__

    def dicts(self, containers: Iterable[Iterable[bytes]]) -> list[dict[str, AttributeValue]]:
        """The attributes of many records; raises `Careful` if there is anything to say about one."""
        read, prefixes, heads, quick = self.__getitem__, self._prefixes, _HEADS, self._quick_bytes
        found = []
        for raws in containers:
            attributes: dict[str, AttributeValue] = {}
            for raw in raws:
                # Long text, read here and not by a call: half of the time goes into these lines.
                if _CACHED_BYTES < len(raw) < quick:
                    at = raw[1] + 2
                    head, size = heads[len(raw) - at]
                    if raw.startswith(head, at):
                        try:
                            attributes[prefixes[raw[:at]]] = str(raw[at + size :], "utf-8")
                        except UnicodeDecodeError:
                            raise Careful from None
                        continue
                key, value = read(raw)
                attributes[key] = value
            found.append(attributes)
        return found

    def __missing__(self, raw: bytes) -> tuple[str, AttributeValue]:
        # The canonical encoding 0A n key 12 n value, with the value's one field, read by hand:
        # every condition that does not hold exactly leaves it to protobuf's own parser.
        size = len(raw)
        if 8 < size < self._quick_bytes and raw[1] < 128 and raw[1] < size - 4:
            at = raw[1] + 2
            head, skip = _HEADS[size - at]
            try:
                if raw.startswith(head, at):
                    text = self._prefixes[raw[:at]], str(raw[at + skip :], "utf-8")
                    return self._remember(raw, text) if size <= _CACHED_BYTES else text
                if raw[at] == 18 and raw[at + 1] == size - at - 2 and raw[at + 1] < 128:
                    tag = raw[at + 2]
                    if tag == 33 and size == at + 11:
                        return self._prefixes[raw[:at]], unpack_from("<d", raw, at + 3)[0]
                    if tag == 24 and size == at + 4 and raw[at + 3] < 128:
                        return self._remember(raw, (self._prefixes[raw[:at]], raw[at + 3]))
                    if tag == 24 and size == at + 5 and raw[at + 4] < 128:
                        return self._remember(raw, (self._prefixes[raw[:at]], raw[at + 3] & 127 | raw[at + 4] << 7))
                    if tag == 16 and size == at + 4 and raw[at + 3] < 2:
                        return self._remember(raw, (self._prefixes[raw[:at]], raw[at + 3] == 1))
            except UnicodeDecodeError:
                raise Careful from None
            except IndexError:
                pass
        try:
            return self.pair(raw, _careful)
        except Malformed:
            raise Careful from None

    def _remember(self, raw: bytes, pair: tuple[str, AttributeValue]) -> tuple[str, AttributeValue]:
        # Ids are never seen again: a key that has had many values gets no more room.
        values = self._values_of.get(pair[0], 0)
        if values < _VALUES_PER_KEY:
            if len(self) >= _CACHE_ENTRIES:
                self.clear()
                self._values_of.clear()
                values = 0
            self._values_of[pair[0]] = values + 1
            self[raw] = pair
        return pair

    def pair(self, raw: bytes, note: Note) -> tuple[str, AttributeValue]:
        """One attribute by protobuf's own parser; raises `Malformed`."""
        try:
            message = KeyValue.FromString(raw)
        except DecodeError as error:
            raise Malformed(f"an attribute cannot be decoded: {error}") from None
        key = self.text(message.key, self.limits.max_key_bytes, "key_too_long", note)
        return key, self.value(message.value, self.limits.value_bytes(key), note)

    def pairs(self, raws: Iterable[bytes], note: Note) -> tuple[dict[str, AttributeValue], int]:
        """The attributes of one record and how many were left out; raises `Malformed`."""
        attributes: dict[str, AttributeValue] = {}
        most = self.limits.max_attributes
        dropped = 0
        for raw in raws:
            try:
                key, value = self[raw]
            except Careful:
                key, value = self.pair(raw, note)
            if len(attributes) >= most and key not in attributes:
                dropped += 1
            else:
                attributes[key] = value
        if dropped:
            note("too_many_attributes")
        return attributes, dropped

    def text(self, raw: bytes, most: int, too_long: str, note: Note) -> str:
        """Text cut to `most` bytes, bad UTF-8 replaced by U+FFFD, both noted."""
        if len(raw) > most:
            note(too_long)
            raw = cut_utf8(raw, most)
        try:
            return raw.decode()
        except UnicodeDecodeError:
            note("invalid_utf8")
            return raw.decode(errors="replace")

    def name(self, raw: bytes, note: Note) -> str:
        """A name, message or version: text under the limit of attribute values."""
        return self.text(raw, self.limits.max_attribute_value_bytes, "text_too_long", note)

    def body(self, raw: bytes, note: Note = _careful) -> AttributeValue:
        """A log record's body; raises `Malformed`, or `Careful` where no `note` is given."""
        size = len(raw)
        if size < self._quick_bytes and size > 1 and raw[0] == 10 and raw[1] == size - 2 and size < 130:
            try:
                return str(raw[2:], "utf-8")
            except UnicodeDecodeError:
                pass
        return self.value(raw, self.limits.max_payload_value_bytes, note)

    def value(self, raw: bytes, most: int, note: Note, depth: int = 0) -> AttributeValue:
        """One `AnyValue`, at most about `most` bytes of it; raises `Malformed`."""
        try:
            message = AnyValue.FromString(raw)
            kind = message.WhichOneof("value")
            if kind == "string_value":
                return self.text(message.string_value, most, "attribute_too_long", note)
            if kind == "array_value":
                items = ArrayValue.FromString(message.array_value).values
            elif kind == "kvlist_value":
                items = KeyValueList.FromString(message.kvlist_value).values
            elif kind == "bytes_value":
                if len(message.bytes_value) > most:
                    note("attribute_too_long")
                return bytes(message.bytes_value[:most])
            elif kind in ("int_value", "double_value", "bool_value"):
                scalar: int | float | bool = getattr(message, kind)
                return scalar
            else:
                return None
        except DecodeError as error:
            raise Malformed(f"an attribute value cannot be decoded: {error}") from None
        if depth >= self.limits.max_depth:
            note("too_deep")
            return TOO_DEEP
        if len(raw) > most:
            note("attribute_too_long")
            items = _leading(items, most)
        if kind == "array_value":
            return [self.value(item, most, note, depth + 1) for item in items]
        return dict(self._member(item, most, note, depth + 1) for item in items)

    def _member(self, raw: bytes, most: int, note: Note, depth: int) -> tuple[str, AttributeValue]:
        try:
            message = KeyValue.FromString(raw)
        except DecodeError as error:
            raise Malformed(f"a member of a key-value list cannot be decoded: {error}") from None
        key = self.text(message.key, self.limits.max_key_bytes, "key_too_long", note)
        return key, self.value(message.value, most, note, depth)

    def status(self, raw: bytes, note: Note) -> tuple[int, str]:
        """(code, message) of a span; raises `Malformed`."""
        try:
            message = Status.FromString(raw)
        except DecodeError as error:
            raise Malformed(f"the status cannot be decoded: {error}") from None
        code: int = message.code
        if code not in (0, 1, 2):
            note("unknown_enum")
            code = 0
        return code, self.name(message.message, note)


class _StatusCache(dict[bytes, tuple[int, str]]):
    def __init__(self, reader: AttributeReader) -> None:
        super().__init__()
        self.reader = reader

    def __missing__(self, raw: bytes) -> tuple[int, str]:
        try:
            status = self.reader.status(raw, _careful)
        except Malformed:
            raise Careful from None
        if len(raw) <= _CACHED_BYTES:
            if len(self) >= _CACHE_ENTRIES:
                self.clear()
            self[raw] = status
        return status


def cut_utf8(raw: bytes, most: int) -> bytes:
    """At most `most` bytes of UTF-8, not ending inside a character."""
    end = most
    while end > most - 4 and end > 0 and raw[end] & 0xC0 == 0x80:
        end -= 1
    return raw[:end]


def _leading(items: Any, most: int) -> list[bytes]:
    kept: list[bytes] = []
    room = most
    for item in items:
        room -= len(item)
        if room < 0:
            break
        kept.append(item)
    return kept
