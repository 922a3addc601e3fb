"""Owns the checks of terms against each other: I1, one leader at a time, and I2, the order of tokens."""

from collections.abc import Sequence

from leader_sidecar.history.lines import Line
from leader_sidecar.history.terms import Life, Term, name_of, went_back
from leader_sidecar.history.verdicts import WENT_BACK, Verdict

_ROUNDING_S = 1e-5


def judge_one_leader(lives: Sequence[Life], verdict: Verdict) -> None:
    """I1: when a term began, no other pod's term lasted any more.

    Instants compare within one boot of one machine alone. Each begin is held against every term that surely lasted
    then, and against the end of the term before it, which must be known.
    """
    terms = [term for life in lives for term in life.terms]
    begun = [(term, term.began) for term in terms if term.began is not None]
    _overlaps(terms, begun, verdict)
    before: Term | None = None
    for term, began in sorted(begun, key=lambda pair: pair[1].version):
        if before is not None and before.pod != term.pod:
            why = _why_unknown(before, began)
            if why:
                verdict.unjudged[why] += 1
            else:
                verdict.facts += 1
        before = term


def _overlaps(terms: Sequence[Term], begun: Sequence[tuple[Term, Line]], verdict: Verdict) -> None:
    """Note each term that began while another pod's surely lasted."""
    lasting: list[Term] = []
    waiting = sorted(terms, key=_from_s, reverse=True)
    for term, began in sorted(begun, key=lambda pair: pair[1].at_s):
        while waiting and _from_s(waiting[-1]) <= began.at_s:
            lasting.append(waiting.pop())
        lasting = [one for one in lasting if one.sure_until_s > began.at_s + _ROUNDING_S]
        for other in lasting:
            earlier = other.began is not None or other.token < term.token
            if earlier and other.pod != term.pod and other.last.boot_id == began.boot_id != "":
                text = f"{name_of(began)} became leader with token {term.token} at {began.at_s:.3f} s"
                text += f", while {name_of(other.last)} led with token {other.token} until {other.sure_until_s:.3f} s"
                verdict.broken(text, began, other.ended or other.last)


def _from_s(term: Term) -> float:
    return term.began.at_s if term.began is not None else float("-inf")


def _why_unknown(before: Term, began: Line) -> str:
    """Say why nobody knows whether a term was over when the next one began; "" where it is known."""
    if not began.boot_id or before.last.boot_id != began.boot_id:
        return "on two machines, or two boots: their clocks do not compare"
    if began.at_s >= before.possible_until_s - _ROUNDING_S or began.at_s < before.sure_until_s:
        return ""
    if before.ended is not None:
        return "the end does not tell how long answers were valid (a sidecar before 0.2.0)"
    return "the log of the leader before ends without an end of its term, and renewals are told at --log-level debug"


def judge_token_order(lives: Sequence[Life], verdict: Verdict) -> None:
    """I2: in the order of the Lease's versions tokens never fall, and each term has one of its own."""
    proofs = [(proof, term) for life in lives for term in life.terms for proof in term.proofs]
    if went_back(lives):
        verdict.unjudged[WENT_BACK] += sum(proof is term.began for proof, term in proofs)
        return
    highest: tuple[Line, Term] | None = None
    for proof, term in sorted(proofs, key=lambda pair: pair[0].version):
        if highest is not None:
            _compare(*highest, proof, term, verdict)
        verdict.facts += proof is term.began
        if highest is None or proof.token >= highest[0].token:
            highest = proof, term


def _compare(earlier: Line, its_term: Term, later: Line, term: Term, verdict: Verdict) -> None:
    told = f"{name_of(term.last)} tells token {later.token} with version {later.version}"
    before = f"{name_of(its_term.last)} told {earlier.token} with version {earlier.version}"
    if later.token < earlier.token:
        verdict.broken(f"{told}, after {before}", earlier, later)
    elif later.token == earlier.token and term is not its_term:
        verdict.broken(f"{told}, as {before} in another term", earlier, later)
