"""Compressed bodies: every encoding, every way to break it, and limits that hold while inflating."""

from __future__ import annotations

import gzip
import zlib

import pytest
import zstandard
from google.rpc.status_pb2 import Status
from receivers.otlp_doors import PROTOBUF, Recorder, door, protobuf

from tapetum_server.app.inflate import BodyLimits

BODY = protobuf().SerializeToString()


def raw_deflate(data):
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


def zstd_stream(data):
    """A frame that does not say how long it is, as streaming clients send it."""
    compressor = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    return compressor.compress(data) + compressor.flush()


COMPRESSED = {
    "gzip": gzip.compress(BODY),
    "deflate": zlib.compress(BODY),
    "zstd": zstandard.compress(BODY),
    "deflate, raw": raw_deflate(BODY),
    "gzip, two members": gzip.compress(BODY[:30]) + gzip.compress(BODY[30:]),
    "zstd, two frames": zstandard.compress(BODY[:30]) + zstandard.compress(BODY[30:]),
    "zstd, streamed": zstd_stream(BODY),
    "x-gzip": gzip.compress(BODY),
    "identity": BODY,
}


def post(client, encoding, body):
    headers = PROTOBUF | {"content-encoding": encoding.partition(",")[0]}
    return client.post("/v1/traces", content=body, headers=headers)


@pytest.mark.covers("compression-identity", "compression-gzip", "compression-deflate", "compression-zstd")
@pytest.mark.parametrize("encoding", COMPRESSED)
def test_every_encoding_arrives(encoding):
    recorder = Recorder()
    with door(recorder) as client:
        answer = post(client, encoding, COMPRESSED[encoding])
    assert (answer.status_code, answer.content) == (200, b"")
    assert recorder.only().name == ["span 1"]


@pytest.mark.parametrize("encoding", [e for e in COMPRESSED if e not in ("identity", "x-gzip")])
@pytest.mark.parametrize("broken", ["truncated", "trailing", "flipped", "noise"])
def test_a_broken_body_is_400(encoding, broken):
    body = COMPRESSED[encoding]
    bent = {
        "truncated": body[:-1],
        "trailing": body + b"garbage",
        "flipped": bytes([body[0] ^ 0xFF]) + body[1:],
        "noise": b"\xfe\xdc\xba" * 40,
    }[broken]
    recorder = Recorder()
    with door(recorder) as client:
        answer = post(client, encoding, bent)
    assert answer.status_code == 400
    assert Status.FromString(answer.content).code == 3
    assert recorder.batches == []
    assert recorder.counts["default", "loopback", "traces", "refused", "undecodable"] == 1


@pytest.mark.covers("bad-truncated")
def test_every_truncation_of_every_encoding_is_refused():
    with door(Recorder()) as client:
        for encoding in ("gzip", "deflate", "zstd", "deflate, raw"):
            for end in range(1, len(COMPRESSED[encoding])):
                assert post(client, encoding, COMPRESSED[encoding][:end]).status_code == 400


def test_a_wrong_checksum_is_400():
    body = COMPRESSED["gzip"]
    with door(Recorder()) as client:
        assert post(client, "gzip", body[:-6] + bytes([body[-6] ^ 1]) + body[-5:]).status_code == 400


@pytest.mark.covers("http-413-inflating", "bad-gzip-bomb", "bad-zstd-bomb")
@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate), ("zstd", zstd_stream)],
)
def test_a_bomb_is_413_and_never_inflated_whole(encoding, compress):
    """64 MiB of zeros in a few kilobytes: inflating stops at the limit."""
    limits = BodyLimits(inflated_bytes=3 * 1024 * 1024)
    recorder = Recorder()
    with door(recorder, body_limits=limits) as client:
        answer = post(client, encoding, compress(bytes(64 * 1024 * 1024)))
    assert answer.status_code == 413
    assert "3145728" in Status.FromString(answer.content).message
    assert recorder.counts["default", "loopback", "traces", "refused", "too_large"] == 1


def test_a_bomb_in_many_members_is_413():
    limits = BodyLimits(inflated_bytes=1024 * 1024)
    with door(Recorder(), body_limits=limits) as client:
        assert post(client, "gzip", gzip.compress(bytes(200_000)) * 20).status_code == 413


def test_what_fits_the_limit_exactly_is_read():
    limits = BodyLimits(inflated_bytes=len(BODY))
    with door(Recorder(), body_limits=limits) as client:
        for encoding, body in COMPRESSED.items():
            assert post(client, encoding, body).status_code == 200
    with door(Recorder(), body_limits=BodyLimits(inflated_bytes=len(BODY) - 1)) as client:
        for encoding, body in COMPRESSED.items():
            assert post(client, encoding, body).status_code == 413


def test_the_wire_has_a_limit_of_its_own():
    limits = BodyLimits(wire_bytes=50)
    with door(Recorder(), body_limits=limits) as client:
        assert post(client, "gzip", COMPRESSED["gzip"]).status_code == 413
        chunks = iter([COMPRESSED["gzip"][:40], COMPRESSED["gzip"][40:]])
        assert post(client, "gzip", chunks).status_code == 413  # no content-length to go by


def test_a_zstd_window_beyond_the_limit_is_400():
    """A frame may ask its reader for gigabytes of window before it says anything."""
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = compressor.compress(BODY) + compressor.flush()
    with door(Recorder()) as client:
        assert post(client, "zstd", body).status_code == 400


@pytest.mark.covers("bad-encoding")
def test_an_unknown_encoding_is_415_and_names_the_known():
    with door(Recorder()) as client:
        answer = post(client, "br", b"x")
    assert answer.status_code == 415
    assert "gzip, deflate, zstd" in Status.FromString(answer.content).message


def test_bodies_held_together_have_a_limit():
    with door(Recorder(), body_limits=BodyLimits(held_bytes=50)) as client:
        answer = post(client, "identity", BODY)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert post(client, "identity", b"").status_code == 200
