"""What the writer remembers is bounded, and what was seen last is in it."""

from __future__ import annotations

from tapetum_server.store.recent import Recent


def test_what_was_seen_last_is_known_and_the_oldest_half_forgotten_at_once() -> None:
    seen: Recent[int, str] = Recent(10)
    assert not seen
    for n in range(1, 101):
        seen.put(n, str(n))
        known = [i for i in range(1, 101) if i in seen]
        assert known == list(range(known[0], n + 1))
        assert min(n, 5) <= len(known) <= 10
    assert (seen.get(100), seen.get(1), bool(seen)) == ("100", None, True)
    seen.put(100, "again")
    assert seen.get(100) == "again"
