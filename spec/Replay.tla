------------------------------- MODULE Replay -------------------------------
(* Owns the replay of what the laboratory did: a run is a sequence of steps, and each must be a step of LeaseElection
   that leads to the state which the real core and the laboratory's API server were in.

   tests/spec/recorder.py makes the run from the events of the real core, and a module that EXTENDS this one and
   defines RecordedRun. No rule of the protocol is said again here. *)
EXTENDS LeaseElection

CONSTANT Run

VARIABLES
    at,     \* how many of its steps were taken
    past    \* every record that ever stood: a hint may be late, and show any of them

replayVars == <<vars, at, past>>

(* What a recorded step says of a process after it, as far as the model has it. *)
Known(p) ==
    [record  |-> IF p.record = None THEN 0 ELSE p.record.version,
     newest  |-> p.newest,
     highest |-> p.highest,
     tries   |-> {<<attempt.kind, attempt.base, attempt.number>> : attempt \in p.tries},
     claim   |-> p.claimVersion,
     term    |-> IF p.grant = None THEN <<0, 0>> ELSE <<p.grant.token, p.grant.version>>]

(* And of the Lease. *)
Shown(record) ==
    [version |-> record.version, holder |-> record.holder, token |-> record.token, released |-> record.released]

Taken(step) ==
    CASE step.do = "Read" -> Read(step.who, step.newest)
      [] step.do = "Claim" -> /\ step.waited \/ FreeAtOnce(step.who, process[step.who].record)
                              /\ Claim(step.who)
      [] step.do = "WriteToken" -> WriteToken(step.who)
      [] step.do = "Renew" -> Renew(step.who)
      [] step.do = "Release" -> Release(step.who)
      [] step.do = "TakeEffect" -> \E attempt \in requests :
                                     /\ Stamp(attempt) = step.stamp
                                     /\ TakeEffect(attempt, step.version, step.acknowledged)
      [] step.do = "HearAnswer" -> HearAnswer(step.who, step.counts)
      [] step.do = "WatchShows" -> \E record \in past : record.version = step.version /\ WatchShows(step.who, record)
      [] step.do = "StepDown" -> StepDown(step.who)
      [] step.do = "Restart" -> Restart(step.who)
      [] step.do = "MakeLease" -> MakeLease(step.version)
      [] step.do = "DeleteLease" -> DeleteLease
      [] step.do = "EditLease" -> EditLease(step.holder, step.token, step.keepsStamp, step.version)
      [] step.do = "GuardReceives" -> step.token \in Tokens /\ GuardReceives(step.resource, step.token)

Agrees(step) ==
    /\ "known" \in DOMAIN step => Known(process'[step.who]) = step.known
    /\ "lease" \in DOMAIN step => Shown(lease') = step.lease
    /\ "mark" \in DOMAIN step => guard'[step.resource].mark = step.mark

ReplayInit ==
    /\ Init
    /\ at = 0
    /\ past = {}

ReplayNext ==
    /\ at < Len(Run)
    /\ Taken(Run[at + 1])
    /\ Agrees(Run[at + 1])
    /\ at' = at + 1
    /\ past' = IF lease' = None THEN past ELSE past \cup {lease'}

ReplaySpec == ReplayInit /\ [][ReplayNext]_replayVars
=============================================================================
