"""The lender's policies, and a retriever over them: TF-IDF and latent semantic analysis, made at start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

DIRECTIONS = 12
POLICIES: dict[str, str] = {
    "early-repayment": "A loan may be repaid early, in whole or in part, at any time. Repaying early costs no fee.",
    "late-payment": "A payment that is more than ten days late costs a fee of 12. After three late payments we call.",
    "interest": "Interest is fixed for the whole term. The rate depends on the risk and is named in the offer.",
    "amounts": "Loans are from 500 to 20,000. The yearly repayment may not be more than a third of the income.",
    "terms": "Terms are 6, 12, 24 or 36 months. The term can be made longer once, by six months at most.",
    "documents": "We need an identity card and the last three payslips. The self-employed send their last tax return.",
    "decision": "Clear applications are decided at once. A person looks at all others within two working days.",
    "rejection": "Whoever was rejected may apply again after three months, or ask a person to look at the decision.",
    "holiday": "Once a year one payment may be skipped. Ask at least a week before the payment is due.",
    "privacy": "Data about applicants is kept for five years and never sold. You may ask what we know about you.",
    "complaints": "Complaints are answered within five working days. Whoever is not content may go to the ombudsman.",
    "insurance": "Payment protection insurance is never required. It can be cancelled within thirty days.",
    "purpose": "Loans are for a car, a home, education, medical costs or a holiday; not for business or for gambling.",
    "account": "The money is paid to an account in the applicant's own name, one working day after signing.",
    "withdrawal": "A signed contract may be withdrawn from within fourteen days, without giving a reason.",
    "eligibility": "Applicants are of age, live in the country and have had an income for at least six months.",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One policy, and how near it is to what was asked."""

    name: str
    text: str
    score: float


class Policies:
    """Finds policies by meaning, as far as sixteen short texts have taught it."""

    def __init__(self) -> None:
        self._names = list(POLICIES)
        self._embed: Any = make_pipeline(  # scikit-learn ships no types
            TfidfVectorizer(stop_words="english", ngram_range=(1, 2), sublinear_tf=True),
            TruncatedSVD(DIRECTIONS, random_state=0),
            Normalizer(copy=False),
        )
        titles = [f"{name.replace('-', ' ')}. {text}" for name, text in POLICIES.items()]
        self._embedded = self._embed.fit_transform(titles)

    def search(self, query: str, count: int = 2) -> list[Passage]:
        """The policies nearest to a query, the nearest first."""
        scores = self._embedded @ self._embed.transform([query])[0]
        nearest = numpy.argsort(-scores)[:count]
        return [
            Passage(name=self._names[i], text=POLICIES[self._names[i]], score=round(float(scores[i]), 4))
            for i in nearest
        ]
