"""The app: while its pod leads, it pays batch after batch and purges expired rows, each write with the term's token.

LEADER_URL   where the sidecar answers (http://localhost:8080)
LEDGER_URL   the ledger, such as http://ledger:8090; without one the app only says when it leads
JOB          1: wait until this pod leads, work STEPS steps (3) of STEP_SECONDS (1) each, end with 0
"""

from __future__ import annotations

import os
import signal
import sys
import time

from housekeeping.ledger_client import Ledger, LedgerAway, Refused
from housekeeping.saying import say

from leader_sidecar.fencing import Leadership, NotLeading, Term

PAYMENT_S = 0.1
"""How long one payment takes: a bank is asked."""
MARGIN_S = 0.5
_RETRY_S = 0.5


def serve(leadership: Leadership, ledger: Ledger | None) -> None:
    """Work in each term of this pod, until a signal ends the process."""
    for term in leadership.terms():
        say("leader", token=term.token)
        try:
            if ledger is not None:
                work(term, ledger)
        except (NotLeading, Refused) as reason:
            say("stopped_work", token=term.token, reason=str(reason))
        term.ended.wait()
        say("follower", token=term.token)


def work(term: Term, ledger: Ledger) -> None:
    """Pay batches and purge while the term lasts. Raises: NotLeading, Refused."""
    stamped = False
    while term:
        try:
            if not stamped:
                ledger.stamp(term.token)  # from here on no older term can write
                stamped = True
            pay_batch(term, ledger)
            ledger.purge(term.token)
        except LedgerAway as reason:
            say("ledger_away", token=term.token, reason=str(reason))
            time.sleep(_RETRY_S)


def pay_batch(term: Term, ledger: Ledger) -> None:
    """Pay the merchants of the batch at the pointer that are not paid yet, and move the pointer on.

    Raises: NotLeading where less of the term is left than the batch takes; Refused where a later term has written.
    """
    batch = ledger.batch()
    due = [merchant for merchant in batch.merchants if merchant not in batch.paid]
    term.check(len(due) * PAYMENT_S + MARGIN_S)
    # Checked once, for as long as the batch takes. Who is frozen in the midst of it goes on with it when awake: only
    # the ledger can refuse that.
    for merchant in due:
        time.sleep(PAYMENT_S)
        ledger.pay(term.token, batch.number, merchant)
    ledger.move(term.token, batch.number)
    say("batch_paid", token=term.token, batch=batch.number, merchants=len(due))


def work_once(leadership: Leadership, steps: int, step_s: float) -> None:
    """Work a number of steps, each only while this pod leads for long enough to end it."""
    done = 0
    while done < steps:
        term = leadership.wait()
        try:
            while done < steps:
                term.check(step_s)
                time.sleep(step_s)
                done += 1
                say("step", step=done, token=term.token)
        except NotLeading as reason:
            say("stopped_work", token=term.token, reason=str(reason))


def main() -> int:
    """Run until the work is done, or until SIGTERM. Returns: the exit code."""
    job = os.environ.get("JOB") == "1"
    # The first process of a container ignores SIGTERM unless it says otherwise. A Job that was stopped is not done.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(1 if job else 0))
    leadership = Leadership()
    if job:
        work_once(leadership, int(os.environ.get("STEPS", "3")), float(os.environ.get("STEP_SECONDS", "1")))
        say("done")
        return 0
    url = os.environ.get("LEDGER_URL")
    serve(leadership, Ledger(url) if url else None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
