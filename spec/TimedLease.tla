----------------------------- MODULE TimedLease -----------------------------
(* Owns the clocks: the actions of LeaseElection, each with what it has to wait for, and I1.

   Every pod counts on a clock of its own. A tick is an instant of true time; in it each clock goes on by one of Rates,
   another one in each tick if it likes, so that any two clocks' rates differ by a factor of at most 1 + rho =
   max(Rates) / min(Rates). Nobody reads another's clock, and no clock has an origin: what is kept is how much time has
   passed or is left, on the clock of whoever counts it. Everything else takes no time, or any time: ticks come between
   any two steps, or do not come.

   I1 holds while (RenewDeadline + StopMargin) * (1 + rho) < LeaseDuration. *)
EXTENDS LeaseElection

CONSTANTS
    LeaseDuration,  \* how long others wait on an unchanged record
    RenewDeadline,  \* how long a grant lasts, counted from the sending of the write that proved it
    StopMargin,     \* what an app may still do after its last answer ran out
    Rates           \* by how much a clock goes on in a tick

VARIABLES
    sentAgo,        \* of each candidate's attempts: how long ago they were sent
    left,           \* how much is left of its grant
    promised,       \* for how long its app may still act on what it was answered
    unchanged,      \* for how long it has known its observed record
    out             \* for how long it still stays out after resigning

clocks == <<sentAgo, left, promised, unchanged, out>>
timedVars == <<lease, version, requests, process, acquisitions, guard, clocks>>

Min(a, b) == IF a < b THEN a ELSE b

----------------------------------------------------------------------------
(* /leader answers true, computed at the moment of asking: a grant that has run out is no grant, though the process may
   not have noticed. *)
AnswersTrue(c) == process[c].grant # None /\ left[c] > 0

(* Every event first moves the clock, which ends the term that has run out; only then it is handled. *)
Awake(c) == Leads(c) => left[c] > 0

(* The attempt that an answer proves, and how much of the validity that counts from its sending has passed. *)
Proved(c) == Standing(c, process[c], process[c].answer.record)
Elapsed(c, attempt) == sentAgo[c][attempt]
Counts(c) == out[c] = 0 /\ \A attempt \in Proved(c) : Elapsed(c, attempt) < RenewDeadline

LeftAfter(c) ==
    CASE process'[c].grant = None -> 0
      [] process'[c].grant = process[c].grant -> left[c]
      [] OTHER -> Max(RenewDeadline - Elapsed(c, CHOOSE attempt \in Proved(c) : TRUE), 0)

(* What every step does to the clocks of whoever takes it: new attempts were sent now, a new record was received now,
   a new grant promises the app as much as is left of it and the stop margin. *)
Count ==
    /\ sentAgo' = [c \in Candidates |-> [attempt \in process'[c].tries |->
                      IF attempt \in DOMAIN sentAgo[c] THEN sentAgo[c][attempt] ELSE 0]]
    /\ left' = [c \in Candidates |-> LeftAfter(c)]
    /\ unchanged' = [c \in Candidates |-> IF process'[c].record = process[c].record THEN unchanged[c] ELSE 0]

Promise ==
    promised' = [c \in Candidates |-> IF left'[c] = 0 THEN promised[c] ELSE Max(promised[c], left'[c] + StopMargin)]

(* Who resigned stays out until somebody else led or the lease duration has passed. *)
SomebodyElse(c, record) == record # None /\ record.holder \notin {Nobody, Identity(c)}
StayOut ==
    out' = [c \in Candidates |-> IF SomebodyElse(c, process'[c].record) THEN 0 ELSE out[c]]

Step == Count /\ Promise /\ StayOut

(* The app resigns; it may be done with its work, or not. *)
Resign(c, done) ==
    /\ StepDown(c)
    /\ Count
    /\ promised' = IF done THEN [promised EXCEPT ![c] = 0] ELSE promised
    /\ out' = [out EXCEPT ![c] = LeaseDuration]

(* When a record may be taken over. *)
MayTakeOver(c) ==
    \/ FreeAtOnce(c, process[c].record)
    \/ unchanged[c] >= LeaseDuration

(* A release waits for the end of what the app may still do. (A new process cannot know what an earlier one promised,
   and waits for the longest that it can have been.) *)
MayRelease(c) == promised[c] = 0

Tick(rate) ==
    /\ sentAgo' = [c \in Candidates |-> [attempt \in DOMAIN sentAgo[c] |->
                      Min(sentAgo[c][attempt] + rate[c], RenewDeadline)]]
    /\ left' = [c \in Candidates |-> Max(left[c] - rate[c], 0)]
    /\ promised' = [c \in Candidates |-> Max(promised[c] - rate[c], 0)]
    /\ unchanged' = [c \in Candidates |-> IF process[c].record = None THEN 0
                                          ELSE Min(unchanged[c] + rate[c], LeaseDuration)]
    /\ out' = [c \in Candidates |-> Max(out[c] - rate[c], 0)]
    /\ UNCHANGED vars

----------------------------------------------------------------------------
(* Nothing is counted yet but the term of who leads, None for nobody. *)
ClocksOf(leader) ==
    /\ sentAgo = [c \in Candidates |-> <<>>]
    /\ left = [c \in Candidates |-> IF c = leader THEN RenewDeadline ELSE 0]
    /\ promised = [c \in Candidates |-> IF c = leader THEN RenewDeadline + StopMargin ELSE 0]
    /\ unchanged = [c \in Candidates |-> 0]
    /\ out = [c \in Candidates |-> 0]

TimedInit ==
    /\ InitWith(Unheld(0, 0), AllNewborn, <<>>)
    /\ ClocksOf(None)

(* The other beginning: somebody has just come to lead, so that what can follow a term is reached in few versions. *)
HeldInit ==
    \E leader \in Candidates :
        LET held == [Unheld(0, 0) EXCEPT !.holder = <<leader, 0>>, !.token = 1]
            grant == [token |-> 1, uid |-> 0, version |-> 0]
        IN /\ InitWith(held,
                       [AllNewborn EXCEPT ![leader] = [@ EXCEPT !.record = held, !.highest = 1, !.grant = grant]],
                       <<[token |-> 1, by |-> <<leader, 0>>]>>)
           /\ ClocksOf(leader)

(* A lost answer is left out: an acknowledgement that was never sent, and a read that was never made, are the same. *)
TimedNext ==
    \/ \E rate \in [Candidates -> Rates] : Tick(rate)
    \/ \E c \in Candidates : Awake(c) /\ MayRead(c) /\ Read(c, process[c].newest) /\ Step
    \/ \E c \in Candidates : Awake(c) /\ MayWrite(c) /\ out[c] = 0 /\ MayTakeOver(c) /\ Claim(c) /\ Step
    \/ \E c \in Candidates : Awake(c) /\ MayWrite(c) /\ out[c] = 0 /\ WriteToken(c) /\ Step
    \/ \E c \in Candidates : Awake(c) /\ MayWrite(c) /\ Renew(c) /\ Step
    \/ \E c \in Candidates : Awake(c) /\ MayWrite(c) /\ out[c] > 0 /\ MayRelease(c) /\ Release(c) /\ Step
    \/ \E attempt \in requests, acknowledged \in BOOLEAN :
           version < MaxVersion /\ TakeEffect(attempt, version + 1, acknowledged) /\ Step
    \/ \E c \in Candidates : process[c].answer # None /\ Awake(c) /\ HearAnswer(c, Counts(c)) /\ Step
    \/ \E c \in Candidates : lease # None /\ lease # process[c].record /\ Awake(c) /\ WatchShows(c, lease) /\ Step
    \/ \E c \in Candidates : left[c] = 0 /\ StepDown(c) /\ Step
    \/ \E c \in Candidates, done \in BOOLEAN : Awake(c) /\ Resign(c, done)
    \/ \E c \in Candidates : process[c].nonce < MaxRestarts /\ Restart(c) /\ Step
    \/ version < MaxVersion /\ MakeLease(version + 1) /\ Step
    \/ DeleteLease /\ Step
    \/ \E holder \in Strangers, keepsStamp \in BOOLEAN :
           version < MaxVersion /\ EditLease(holder, 0, keepsStamp, version + 1) /\ Step

TimedSpec == TimedInit /\ [][TimedNext]_timedVars
HeldSpec == HeldInit /\ [][TimedNext]_timedVars

----------------------------------------------------------------------------
(* While one pod answers true, no other pod does, nor may its app still act on what it was answered. *)
I1_OneLeader == \A c, d \in Candidates : c # d /\ AnswersTrue(c) => promised[d] = 0

(* What makes no difference to I1: how many terms there were and how high their tokens are, and for how long a record is
   known that is free at once. *)
TimedView ==
    LET plain(record) == IF record = None THEN None ELSE [record EXCEPT !.transitions = 0]
    IN <<plain(lease), version, requests,
         [c \in Candidates |-> [process[c] EXCEPT
             !.record = plain(@),
             !.highest = 0,
             !.tries = {attempt \in @ : Matters(c, attempt)}]],
         [c \in Candidates |-> [attempt \in {a \in DOMAIN sentAgo[c] : Matters(c, a)} |-> sentAgo[c][attempt]]],
         [c \in Candidates |->
             IF process[c].record # None /\ FreeAtOnce(c, process[c].record) THEN 0 ELSE unchanged[c]],
         left, promised, out>>
=============================================================================
