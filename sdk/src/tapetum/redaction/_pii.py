"""Personal data. Off unless switched on: what is personal depends on who keeps it.

Numbers that are only digits are taken where a word before them says what they are, because one in ten of all numbers
passes a checksum.
"""

from __future__ import annotations

from tapetum.redaction import _checks as checks
from tapetum.redaction._rule import Rule, rule

PII: tuple[Rule, ...] = (
    rule("email", "pii", "e-mail addresses",
         r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{0,63}[A-Za-z0-9_]@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}",
         needs="@", whole_word=False),
    rule("phone", "pii", "phone numbers with their country", r"\+[1-9](?:[ .()-]{0,2}\d){7,14}(?!\d)", "+",
         check=checks.phone),
    rule("card", "pii", "payment card numbers, by issuer and Luhn's check digit", r"\d(?:[ -]?\d){12,18}",
         check=checks.card),
    rule("iban", "pii", "international bank account numbers",
         r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?", check=checks.iban),
    rule("us_routing_number", "pii", "routing numbers of banks of the United States", r"\d{9}",
         check=checks.aba, near=("routing", "aba", "rtn")),
    rule("us_ssn", "pii", "social security numbers of the United States", r"\d{3}-\d{2}-\d{4}", check=checks.us_ssn),
    rule("uk_nino", "pii", "national insurance numbers of the United Kingdom",
         r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]", check=checks.uk_nino),
    rule("uk_nhs", "pii", "NHS numbers", r"\d{3}[ -]?\d{3}[ -]?\d{4}", check=checks.uk_nhs, near=("nhs",)),
    rule("de_steuer_id", "pii", "German tax identification numbers", r"[1-9]\d ?\d{3} ?\d{3} ?\d{3}",
         check=checks.de_steuer_id, near=("steuer", "tax id", "idnr", "tin")),
    rule("fr_nir", "pii", "French social security numbers",
         r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", check=checks.fr_nir),
    rule("es_dni", "pii", "Spanish DNI and NIE numbers", r"(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z]", check=checks.es_dni),
    rule("it_codice_fiscale", "pii", "Italian codici fiscali", r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]",
         check=checks.it_codice_fiscale),
    rule("in_aadhaar", "pii", "Indian Aadhaar numbers", r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}", check=checks.in_aadhaar,
         near=("aadhaar", "aadhar", "uidai", "uid")),
    rule("br_cpf", "pii", "Brazilian CPF numbers", r"\d{3}\.\d{3}\.\d{3}-\d{2}", check=checks.br_cpf),
    rule("nl_bsn", "pii", "Dutch BSN numbers", r"\d{9}", check=checks.nl_bsn, near=("bsn", "burgerservice", "sofi")),
    rule("ip", "pii", "IPv4 addresses, but for loopback", r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\.?\d)",
         check=checks.ip),
)  # fmt: skip
"""Switched on by name, or all by `pii`."""
