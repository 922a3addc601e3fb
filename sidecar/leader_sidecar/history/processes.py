"""Owns the checks of what each process told: I3, I4, I7 and I8."""

from bisect import bisect
from collections.abc import Sequence

from leader_sidecar.history.lines import Line
from leader_sidecar.history.terms import Life, Term, name_of, went_back
from leader_sidecar.history.verdicts import WENT_BACK, Verdict

_DEBUG = "requests are told at --log-level debug only"
_PROOFS = {
    "became_leader": (("token", "written"), ("read", "found")),
    "renewed": (("renew", "written"), ("read", "found")),
}
_OF_A_TERM = ("became_leader", "renewed", "stopped_leading")
_OF_ONE_ANSWER = ("accepted_again", "token_garbled", "new_leader")


def judge_one_token(lives: Sequence[Life], verdict: Verdict) -> None:
    """I3: every line of a term tells the token with which it began, and the next begins after its end."""
    for life in lives:
        for number, term in enumerate(life.terms):
            if term.began is None:
                verdict.unjudged["the term began before the log"] += 1
            for line in term.lines:
                if line.event in _OF_A_TERM and line is not term.lines[0]:
                    verdict.facts += 1
                    if line.token != term.token:
                        text = f"{name_of(line)}'s token became {line.token} from {term.token} within a term"
                        verdict.broken(text, term.lines[0], line)
            if term.ended is None and number + 1 < len(life.terms):
                begin = life.terms[number + 1].lines[0]
                text = f"{name_of(begin)} became leader with token {begin.token} within its term of token {term.token}"
                verdict.broken(text, term.lines[0], begin)


def judge_proof(lives: Sequence[Life], verdict: Verdict) -> None:
    """I4: what begins or extends a term follows directly on an answer that can prove it."""
    for life in lives:
        request: Line | None = None
        for line in life.lines:
            if line.event == "request":
                request = line
            elif line.event in _PROOFS and not life.tells_requests:
                verdict.unjudged[_DEBUG] += 1
            elif line.event in _PROOFS and request is None:
                verdict.unjudged["the request was told before the log"] += 1
            elif line.event in _PROOFS and request is not None:
                verdict.facts += 1
                if (request.verb, request.outcome) not in _PROOFS[line.event]:
                    text = f"{name_of(line)} tells {line.event} of token {line.token} after a {request.verb}"
                    verdict.broken(f"{text} that ended {request.outcome}", request, line)


def judge_releases(lives: Sequence[Life], verdict: Verdict) -> None:
    """I7: the version that a release made is not one by which another process lost its term, nor within one."""
    terms = [term for life in lives for term in life.terms]
    releases = [line for life in lives for line in life.lines if line.event == "released"]
    if went_back(lives):
        verdict.unjudged[WENT_BACK] += len(releases)
        return
    cut_short = {term.ended.version: term.ended for term in terms if term.ended is not None and _was_valid(term.ended)}
    longer = sorted((term for term in terms if len(term.proofs) > 1), key=_first_version)
    for release in releases:
        verdict.facts += 1
        made = f"{name_of(release)}'s release made version {release.version}"
        end = cut_short.get(release.version)
        if end is not None and end.identity != release.identity:
            text = f"{made}, by which {name_of(end)} lost its term of token {end.token}"
            verdict.broken(text, release, end)
        for term in longer[max(bisect(longer, release.version, key=_first_version) - 1, 0) :][:1]:
            first, last = term.proofs[0], term.proofs[-1]
            # A release carries the highest token that its process had seen: with a lower one it came before this term.
            within = first.version < release.version < last.version and release.token >= term.token
            if within and first.identity != release.identity:
                verdict.broken(f"{made}, within {name_of(first)}'s term of token {term.token}", release, last)


def _was_valid(end: Line) -> bool:
    """Whether something ended the term before it ran out."""
    return bool(end.version) and end.valid_until_s is not None and end.at_s < end.valid_until_s


def _first_version(term: Term) -> int:
    return term.proofs[0].version


def judge_sight(lives: Sequence[Life], verdict: Verdict) -> None:
    """I8: after another holder, uid or term was seen within a term, the next word is its end."""
    begins = [term.began for life in lives for term in life.terms if term.began is not None]
    by_version = [] if went_back(lives) else sorted(begins, key=_version)
    for life in lives:
        for term in life.terms:
            _judge_term(term, _next_of_another(term, by_version), verdict)


def _next_of_another(term: Term, begins: Sequence[Line]) -> Line | None:
    """Find the begin of the next term of another process, by version."""
    later = begins[bisect(begins, term.lines[0].version, key=_version) :]
    return next((one for one in later if one.identity != term.last.identity and one.token > term.token), None)


def _version(line: Line) -> int:
    return line.version


def _judge_term(term: Term, following: Line | None, verdict: Verdict) -> None:
    for number, line in enumerate(term.lines):
        shown = _shows_another(term.lines[0], line, following)
        if not shown:
            continue
        # What one answer shows is told in several lines before the end of the term.
        words = (one for one in term.lines[number:] if one.event not in _OF_ONE_ANSWER)
        word = next(words, None)
        if word is None:
            verdict.unjudged["the log ends with the sight"] += 1
            return
        verdict.facts += 1
        if word.event != "stopped_leading":
            verdict.broken(f"{name_of(line)} {shown} and does not stop leading with token {term.token}", line, word)
        return


def _shows_another(first: Line, line: Line, following: Line | None) -> str:
    """Say what of another term a line shows, "" for nothing."""
    if line.event == "new_leader" and line.leader != line.identity:
        return f"sees {line.leader.partition('_')[0]} hold the Lease"
    if line.uid and first.uid and line.uid != first.uid:
        return "sees the Lease made again"
    if following is not None and following.version <= line.version:
        since = f"{name_of(following)} acquired with version {following.version}"
        return f"sees version {line.version}, after {since},"
    return ""
