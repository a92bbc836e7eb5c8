"""Redaction: what every rule finds and leaves alone, and what holds for any text at all."""

from __future__ import annotations

import base64
import json
import random
import re
import string
import time
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tapetum.redaction import (
    PII,
    RULES,
    SECRETS,
    BadPattern,
    Redactor,
    Rule,
    allowing,
    chosen,
    own_rule,
    own_rules,
    redact,
    redact_mapping,
)

rng = random.Random(7)


def body(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Made up here, so that no scanner of repositories takes a test for a leak; of all kinds of characters."""
    kinds = [c for c in ("aZ3kQ7xW" if alphabet != "hex" else "") if c in alphabet]
    chosen_from = "0123456789abcdef" if alphabet == "hex" else alphabet
    return "".join([*kinds, *(rng.choice(chosen_from) for _ in range(length - len(kinds)))])


UPPER = string.ascii_uppercase + "234567"
SECRET_EXAMPLES = {
    "anthropic_key": ["sk-ant-" + "api03-" + body(93)],
    "openrouter_key": ["sk-or-" + "v1-" + body(64, "hex")],
    "langfuse_key": ["sk-lf-" + str(uuid.UUID(int=rng.getrandbits(128)))],
    "openai_key": [
        "sk-" + "proj-" + body(60) + "_" + body(40),
        "sk-" + "svcacct-" + body(50),
        "sk-" + "admin-" + body(50),
    ],
    "openai_like_key": ["sk-" + body(48), "sk-" + body(32, "hex")],
    "google_api_key": ["AIza" + body(35)],
    "google_oauth": ["ya29." + body(80), "GOCSPX-" + body(28), "1//0" + body(60)],
    "aws_access_key_id": ["AKIA" + "IOSFODNN7EXAMPLE", "ASIA" + "".join(rng.choice(UPPER) for _ in range(16))],
    "aws_bedrock_key": ["ABSK" + body(120)],
    "azure_ai_key": [body(52) + "JQQJ99" + body(26)],
    "azure_client_secret": ["abc8Q~" + body(34)],
    "github_token": ["ghp_" + body(36), "ghs_" + body(36), "github_pat_" + body(82)],
    "gitlab_token": ["glpat-" + body(20)],
    "slack_token": ["xoxb-" + "1234567890-" + body(24), "xapp-" + "1-A012-" + body(40)],
    "stripe_key": ["sk_live_" + body(24), "rk_test_" + body(24), "whsec_" + body(32)],
    "twilio_key": ["SK" + body(32, "hex")],
    "sendgrid_key": ["SG." + body(22) + "." + body(43)],
    "npm_token": ["npm_" + body(36)],
    "pypi_token": ["pypi-" + "AgEIcHlwaS5vcmc" + body(70)],
    "huggingface_token": ["hf_" + body(34)],
    "groq_key": ["gsk_" + body(52)],
    "replicate_token": ["r8_" + body(37)],
    "perplexity_key": ["pplx-" + body(48)],
    "xai_key": ["xai-" + body(80)],
    "nvidia_key": ["nvapi-" + body(64)],
    "databricks_token": ["dapi" + body(32, "hex")],
    "pinecone_key": ["pcsk_" + body(5) + "_" + body(60)],
    "langsmith_key": ["lsv2_" + "pt_" + body(32, "hex") + "_" + body(10, "hex")],
    "jwt": ["eyJ" + body(30) + ".eyJ" + body(60) + "." + body(43)],
    "tapetum_key": ["tpt_" + body(43)],
}
"""Each stands by itself and is replaced whole."""
IN_CONTEXT = {
    "aws_secret_key": ("aws_secret_access_key = {}", "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"),
    "azure_key": ("AccountName=a;AccountKey={};EndpointSuffix=core", base64.b64encode(rng.randbytes(64)).decode()),
    "azure_sas": ("https://a.blob.example/c?se=2030-01-01&sig={}", body(43) + "%3D"),
    "slack_webhook": ("https://hooks.slack.com/services/{}", "T0000/B0000/" + body(24)),
    "wandb_key": ("WANDB_API_KEY={}", body(40, "hex")),
    "cohere_key": ("COHERE_API_KEY: '{}'", body(40)),
    "mistral_key": ('"mistral_api_key": "{}"', body(32)),
    "bearer_token": ("Authorization: Bearer {}", body(40)),
    "basic_credentials": ("Authorization: Basic {}", base64.b64encode(b"ada:correct horse").decode()),
    "url_password": ("postgresql://ada:{}@db.example:5432/shop", "p4ssw0rd!"),
    "password": ("user=ada password={} host=db", "hunter2x"),
    "assigned_secret": ('{{"client_secret": "{}"}}', body(32)),
    "private_key": ("key: {}", "-----BEGIN RSA PRIVATE KEY-----\n" + body(64) + "\n-----END RSA PRIVATE KEY-----"),
}
PII_EXAMPLES = {
    "email": ("write to {} today", "ada.lovelace+x@mail.example.org", ""),
    "phone": ("call {} now", "+44 20 7946 0958", ""),
    "card": ("paid with {}", "4111 1111 1111 1111", "4111 1111 1111 1112"),
    "iban": ("to {} please", "GB82 WEST 1234 5698 7654 32", "GB82 WEST 1234 5698 7654 33"),
    "us_routing_number": ("routing number {}", "021000021", "021000022"),
    "us_ssn": ("ssn {}", "219-09-9999", "666-09-9999"),
    "uk_nino": ("nino {}", "AB 12 34 56 C", "QQ 12 34 56 C"),
    "uk_nhs": ("NHS number {}", "943 476 5919", "943 476 5918"),
    "de_steuer_id": ("Steuer-ID {}", "86095742719", "86095742718"),
    "fr_nir": ("sécu {}", "2 55 08 14 168 025 38", "2 55 08 14 168 025 39"),
    "es_dni": ("DNI {}", "12345678Z", "12345678A"),
    "it_codice_fiscale": ("cf {}", "RSSMRA85T10A562S", "RSSMRA85T10A562T"),
    "in_aadhaar": ("Aadhaar {}", "2341 2341 2346", "2341 2341 2347"),
    "br_cpf": ("CPF {}", "529.982.247-25", "529.982.247-26"),
    "nl_bsn": ("BSN {}", "111222333", "111222334"),
    "ip": ("from {} port", "203.0.113.7", "203.0.113.777"),
}
every = Redactor((*SECRETS, *PII), key=b"k")
of_secrets = Redactor(key=b"k")


def test_every_rule_has_an_example() -> None:
    assert {rule.name for rule in SECRETS} == {*SECRET_EXAMPLES, *IN_CONTEXT}
    assert {rule.name for rule in PII} == set(PII_EXAMPLES)


@pytest.mark.covers("redaction-secrets")
@pytest.mark.parametrize("name", SECRET_EXAMPLES)
@pytest.mark.parametrize("around", ["{}", "use {} here", '{{"k":"{}"}}', "line\\n{}\\nline", "k=%20{}", "({})"])
def test_a_secret_is_replaced_wherever_it_stands(name: str, around: str) -> None:
    for secret in SECRET_EXAMPLES[name]:
        text = around.format(secret)
        shown = of_secrets.redact(text)
        assert shown == around.format(of_secrets.mark(name, secret))
        assert of_secrets.redact(shown) == shown


@pytest.mark.parametrize("name", IN_CONTEXT)
def test_a_secret_that_only_its_surroundings_tell_is_replaced(name: str) -> None:
    around, secret = IN_CONTEXT[name]
    shown = of_secrets.redact(around.format(secret))
    assert shown == around.format(of_secrets.mark(name, secret))
    assert of_secrets.redact(shown) == shown


def test_digits_of_other_scripts_are_digits() -> None:
    """Many keyboards write them. A number of which some are such is read as any other, and costs no other text."""
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    for name in ("card", "us_routing_number", "us_ssn", "uk_nhs", "br_cpf", "nl_bsn"):
        around, right, wrong = (text.translate(arabic) for text in PII_EXAMPLES[name])
        assert every.redact(around.format(right)) == around.format(every.mark(name, right))
        assert every.redact(around.format(wrong)) == around.format(wrong)
    for around, right, _ in PII_EXAMPLES.values():
        for cut in range(len(right)):
            text = around.format(right[:cut] + right[cut:].translate(arabic))
            assert every.redact(every.redact(text)) == every.redact(text)


def test_a_number_that_begins_after_an_escape_is_found() -> None:
    """But none within a word, however many of its letters it could begin at."""
    number = "021000021"
    for before in ("\\n", "\\u0041", "%41", "\x1b[31m", "9 ", "9_"):
        text = f"routing 9999{before}{number}"
        assert every.redact(text) == text.replace(number, every.mark("us_routing_number", number)), before
    for before in ("9", "a", "é"):
        text = f"routing 9999{before}{number}"
        assert every.redact(text) == text


@pytest.mark.covers("redaction-personal")
@pytest.mark.parametrize("name", PII_EXAMPLES)
def test_personal_data_is_replaced_where_its_checksum_is_right(name: str) -> None:
    around, right, wrong = PII_EXAMPLES[name]
    only = Redactor([RULES[name]], key=b"k")
    assert only.redact(around.format(right)) == around.format(only.mark(name, right))
    assert only.redact(around.format(wrong)) == around.format(wrong)
    assert of_secrets.redact(around.format(right)) == around.format(right)


@pytest.mark.parametrize(
    "text",
    [
        str(uuid.UUID(int=rng.getrandbits(128))), body(40, "hex"), body(32, "hex"), "00-" + body(32, "hex") + "-b7ad6b7169203331-01",
        "3.14159265358979 1e-300", "2026-11-25T12:30:00.123456789Z", "v10.20.30-rc.1+build.5", "1764072000000000000",
        "data:image/png;base64," + base64.b64encode(rng.randbytes(20_000)).decode(), "sk-container-id-1 sk-estimator-doc-link",
        "the password: required", "secret: the plan", "basic training", "bearer of bad news today", "password=os.environ[X]",
        "max_tokens=100 api_key=None", "https://example.org/a@b:c", "risk-averse ask_", "SELECT password, secret FROM users",
    ],
)  # fmt: skip
def test_what_only_looks_alike_stays(text: str) -> None:
    assert of_secrets.redact(text) is text


def test_marks_join_within_a_salt_and_not_beyond() -> None:
    secret = SECRET_EXAMPLES["npm_token"][0]
    one, other = Redactor(key=b"k", salt=b"shop"), Redactor(key=b"k", salt=b"bank")
    assert one.redact(f"a {secret}")[2:] == one.redact(f"b {secret}")[2:]
    assert one.redact(secret) != other.redact(secret) != Redactor(key=b"l", salt=b"bank").redact(secret)


def test_attributes_whose_key_says_secret_are_replaced_whole() -> None:
    values = {
        "http.request.header.authorization": ["Custom x"], "db.password": "letmein", "api-key": 12, "has.password": True,
        "nested": {"cookie": "a=b", "n": [1, 2.5, None]}, "gen_ai.usage.input_tokens": 3, "raw": b"sk-ant",
    }  # fmt: skip
    shown = redact_mapping(of_secrets, values)
    assert shown["http.request.header.authorization"][0].startswith("[redacted:secret_attribute:")
    assert all(shown[key].startswith("[redacted:secret_attribute:") for key in ("db.password", "api-key"))
    assert shown["nested"]["cookie"].startswith("[redacted:secret_attribute:")
    assert shown["nested"]["n"] == [1, 2.5, None]
    assert shown["gen_ai.usage.input_tokens"] == 3
    assert shown["raw"] == b"sk-ant"
    assert redact_mapping(of_secrets, shown) is shown
    assert redact({"a": [1, "b"]}) == {"a": [1, "b"]}


def test_a_number_in_json_stays_json() -> None:
    only = Redactor([RULES["card"]], key=b"k")
    for text in ('{"card": 4111111111111111, "s": "4111111111111111"}', "[4111111111111111]"):
        shown = json.loads(only.redact(text))
        assert "4111" not in json.dumps(shown)


pieces = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.sampled_from(["\n", "\t", "\x1f", "\\"]),
        st.sampled_from(
            [s for some in SECRET_EXAMPLES.values() for s in some]
            + [around.format(secret) for around, secret in IN_CONTEXT.values()]
            + [around.format(right) for around, right, _ in PII_EXAMPLES.values()]
            + [
                "sk-",
                "password=",
                "[redacted:",
                "[redacted:jwt:",
                "0123456789ab]",
                "Bearer ",
                "://",
                "@",
                "-----BEGIN ",
            ]
        ),
    ),
    max_size=8,
)


@pytest.mark.covers("redaction-any-text")
@given(pieces)
@settings(max_examples=300, deadline=None)
def test_redacting_twice_changes_nothing(parts: list[str]) -> None:
    once = every.redact("".join(parts))
    assert every.redact(once) == once


@given(pieces)
@settings(max_examples=300, deadline=None)
def test_json_stays_json_of_the_same_shape(parts: list[str]) -> None:
    document = {"messages": [{"role": "user", "content": "".join(parts)}], "n": 4111111111111111}
    shown = json.loads(every.redact(json.dumps(document)))
    assert shown["messages"][0]["role"] == "user"


@pytest.mark.parametrize("before", ["\n", "\t", "\r", "\b", "\f", "\x1f", "a\n", "\\", "\\\n", "é", '"', ""])
def test_what_stands_after_an_escape_is_marked_and_leaves_it_whole(before: str) -> None:
    """JSON of "\\nmax@firma.de" looks as if the address began with an n."""
    mine = Redactor((*SECRETS, *PII, own_rule("staff", r"[a-z]+-\d{4}")), key=b"k")
    for text, rule in (("max@firma.de", "email"), ("anna-1234", "staff"), ("npm_" + "a1B2" * 9, "npm_token")):
        shown = json.loads(mine.redact(json.dumps([before + text])))[0]
        assert shown == before + mine.mark(rule, text)
    # Here the backslash is one of the text, and the n a letter of the address.
    shown = json.loads(mine.redact(json.dumps([before + "\\nmax@firma.de"])))[0]
    assert shown == before + "\\" + mine.mark("email", "nmax@firma.de")


@given(st.lists(pieces.map("".join), max_size=6))
@settings(max_examples=150, deadline=None)
def test_many_texts_at_once_are_as_one_by_one(texts: list[str]) -> None:
    screened = every.screened(texts)
    for text in texts:
        assert (screened.redact(text) if screened else text) == every.redact(text)


@given(st.text(alphabet=" abcdefgh,.\n", max_size=400))
@settings(max_examples=100, deadline=None)
def test_text_without_any_keyword_is_the_same_object(text: str) -> None:
    assert of_secrets.redact(text) is text


@pytest.mark.parametrize(
    "bait",
    [
        "a", "sk-ant-", "-----BEGIN PRIVATE KEY-----", "://a:", "password=", "eyJ", "eyJaaaaaaaaaa.", "1", "+1 ",
        "a@", "Bearer ", "[redacted:", "GB82 ", "[", "\\n", "é", "AccountKey=",
        *(pytest.param(bait, marks=pytest.mark.wide) for bait in ("sk-", "1.")),
    ],
)  # fmt: skip
def test_long_bait_takes_linear_time(bait: str) -> None:
    def cost(size: int) -> float:
        # Of a token's two beginnings the second is there: without it nobody looks for the first.
        text = (bait * size)[: size - 4] + ".eyJ"
        began = time.thread_time()
        every.redact(text)
        return time.thread_time() - began

    cost(10_000)
    # No time is asserted but its growth: sixteen times as much may take far less than the square of it. What else goes
    # on can make a measurement longer, and never shorter: the least of some is the text's own.
    limit = 60 * max(cost(20_000), 0.002)
    assert any(cost(320_000) < limit for _ in range(3))


@pytest.mark.parametrize(
    "pattern", [r"(a+)+b", r"(a|aa)*c", r"(\w+\s?)*!", r"(x)\1", r"a*", r"[", r"\w*\w*\w*\w*\w*\w*!", "", "x" * 501]
)
def test_a_pattern_that_may_take_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        own_rule("mine", pattern)


@pytest.mark.covers("redaction-own-patterns")
def test_own_patterns_find_across_pieces_and_have_names_of_their_own() -> None:
    rules = own_rules(
        [{"name": "ticket", "pattern": r"TCK-\d{6}"}, {"name": "vip", "pattern": "ada", "ignore_case": True}]
    )
    redactor = Redactor(chosen([], own=rules), key=b"k")
    shown = redactor.redact("x" * 1020 + "TCK-123456" + "y" * 5000 + "ADA")
    assert "TCK" not in shown
    assert "ADA" not in shown
    assert "[redacted:ticket:" in shown
    for bad in ([{"name": "jwt", "pattern": "a"}], [{"name": "A b", "pattern": "a"}], [{"name": "a", "patern": "a"}]):
        with pytest.raises(BadPattern):
            chosen([], own=own_rules(bad))
    with pytest.raises(BadPattern, match="no rule"):
        chosen(["secret"])


@pytest.mark.covers("redaction-any-text")
def test_a_rule_may_find_by_itself_and_sees_each_text_alone() -> None:
    """As a model of language does: what it is shown, where marks stand, and what is left alone."""
    seen: list[str] = []

    def find(text: str) -> list[tuple[int, int]]:
        seen.append(text)
        return [(at, at + 5) for at in range(len(text)) if text.startswith("Grace", at)]

    person = Rule("person", "pii", "people", re.compile("(?!)"), finder=find)
    redactor = Redactor(allowing([*SECRETS, person], ["Gracenote"]), key=b"k")
    key = "sk-" + "proj-" + "Ab3dEf6hIj9lMn2pQr5t" * 2
    screened = redactor.screened(["hello Grace", "nobody here", f"{key} of Grace"])
    # What a rule of secrets found already is looked at when it is rewritten.
    assert set(seen) == {"hello Grace", "nobody here"}
    assert screened is not None
    noted: list[str] = []
    once = screened.redact(f"{key} of Grace", noted.append)
    assert once == f"{redactor.mark('openai_key', key)} of {redactor.mark('person', 'Grace')}"
    assert sorted(noted) == ["openai_key", "person"]
    assert redactor.redact(once) == once
    assert screened.redact("nobody here") == "nobody here"
    unless = Redactor(allowing([person], ["Grace"]), key=b"k")
    assert unless.redact("hello Grace") == "hello Grace"
