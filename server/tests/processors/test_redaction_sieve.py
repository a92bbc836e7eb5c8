"""The sieve in front of redaction leaves nothing out that a rule could match."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tapetum.redaction import SECRETS, Redactor
from tapetum_server.processors.redaction_sieve import containing

keywords = sorted({keyword for rule in SECRETS for keyword in rule.keywords})
of_secrets = Redactor(key=b"key")
secret = "sk-" + "proj-" + "Ab3dEf6hIj9lMn2pQr5tUv8xYz1" * 2
pieces = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(keywords).flatmap(lambda k: st.sampled_from([k, k.upper(), k.title(), k[:-1]])),
        st.sampled_from([secret, "to\N{KELVIN SIGN}en=", "\ud800", "\0", "\n", " = ", "9f8A7b6C5d4E3f2A1b0C"]),
    ),
    max_size=6,
)


def holds_a_keyword(text: str) -> bool:
    """As the rules say it themselves."""
    return any(k in (text.lower() if rule.ignore_case else text) for rule in SECRETS for k in rule.keywords)


@given(st.lists(pieces.map("".join), max_size=6))
@settings(max_examples=200, deadline=None)
def test_what_holds_a_keyword_passes_the_sieve_and_is_redacted_as_without_it(texts: list[str]) -> None:
    pattern: list[str] = []
    passed: list[str] = []

    def sieve(given_pattern: str, held: list[str]) -> list[str]:
        pattern.append(given_pattern)
        passed.extend(containing(given_pattern, held))
        return passed

    screened = of_secrets.screened(texts, sieve)
    assert pattern
    assert {text for text in texts if holds_a_keyword(text)} <= set(passed)
    for text in texts:
        assert (screened.redact(text) if screened else text) == of_secrets.redact(text)


def test_ordinary_text_stays_in_the_sieve() -> None:
    def sieve(pattern: str, held: list[str]) -> list[str]:
        return containing(pattern, held)

    ordinary = [f"the model answered question {n} at length" for n in range(50)]
    seen: list[list[str]] = []
    of_secrets.screened([*ordinary, secret], lambda pattern, held: seen.append(sieve(pattern, held)) or seen[-1])
    assert seen == [[secret]]
