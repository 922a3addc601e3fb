--------------------------- MODULE LeaseElection ---------------------------
(* Owns the protocol's rules: the record at the API server, the candidates' sidecars, their apps, and a guard.

   Nothing here measures time. Whatever a clock decides may happen at any moment: a wait may be over at once, a grant
   may run out, an answer may come too late, a candidate may do nothing for ever. So what is checked here, I2 to I8,
   holds whatever the timing. I1 needs clocks: TimedLease.tla adds them to these same actions.

   A pause needs no action of its own: no action is ever forced, so a process that is stopped is one of which no step
   is taken for a while, and an app that is stopped between its check and its act is a write that arrives late.
   A lost request is one that never takes effect. A lost response, a timeout, a reset, a 5xx and a 409 are all
   HearNothing, before or after the write took effect.

   Words and names are those of docs/PROTOCOL.md and of sidecar/leader_sidecar/core. *)
EXTENDS Integers, Sequences, FiniteSets, TLC

CONSTANTS
    Candidates,     \* the pods that stand for election
    Resources,      \* what leaders write to, each behind a guard of its own
    None,           \* no Lease, no record, no request, no term
    Nobody,         \* the holder of a record that names no holder
    Somebody,       \* a holder that is none of ours, written by somebody else
    Strangers,      \* whom others write as holder: Nobody, Somebody, both, or neither
    MaxVersion,     \* resourceVersions that are looked at
    MaxRestarts,    \* restarts of each sidecar within its pod
    MaxUnderWay,    \* writes, and answers, under way at once
    MaxTries        \* attempts of one process on one version of the record

VARIABLES
    lease,          \* the record as it stands at the API server, or None
    version,        \* the last resourceVersion that any Lease was given
    requests,       \* writes that were sent and may still take effect, however late
    process,        \* what the sidecar of each candidate knows
    acquisitions,   \* the terms that were ever won, in the order in which their token writes took effect
    guard           \* of each resource: its high-water mark and what took effect

vars == <<lease, version, requests, process, acquisitions, guard>>

----------------------------------------------------------------------------
(* The record. A stamp stands for renewTime: every attempt has its own, so that an attempt is told from its neighbours. *)

Stamp(attempt) == <<attempt.by, attempt.base, attempt.number>>

Unheld(uid, v) ==
    [uid |-> uid, version |-> v, holder |-> Nobody, token |-> 0, released |-> FALSE, transitions |-> 0, stamp |-> None]

(* Every write is a PUT with uid and resourceVersion, a compare-and-swap: what makes the API server take it. *)
MayTakeEffect(attempt, record) ==
    record # None /\ attempt.uid = record.uid /\ attempt.base = record.version

(* The record that a write leaves. Its body was made from the very version that it replaces. *)
Result(attempt, record, v) ==
    LET written == [record EXCEPT !.version = v, !.stamp = Stamp(attempt), !.released = FALSE]
    IN CASE attempt.kind = "claim" -> [written EXCEPT !.holder = attempt.by, !.transitions = @ + 1]
         [] attempt.kind \in {"token", "renew"} -> [written EXCEPT !.token = attempt.token]
         [] attempt.kind = "release" -> [written EXCEPT !.holder = Nobody, !.token = attempt.token,
                                                        !.released = attempt.token > 0]

(* Give the Lease its next version. A write whose precondition is past fails whenever it arrives: it is not kept. *)
Store(record, others) ==
    /\ version' = record.version
    /\ lease' = record
    /\ requests' = {attempt \in others : MayTakeEffect(attempt, record)}

----------------------------------------------------------------------------
(* What a sidecar knows. *)

Max(a, b) == IF a > b THEN a ELSE b

Newborn(nonce) ==
    [nonce        |-> nonce,    \* new in every process: with the pod it is the holder identity
     record       |-> None,     \* the observed record: the newest that was accepted
     newest       |-> 0,        \* its version, which outlives the record
     highest      |-> 0,        \* the highest token ever seen
     answer       |-> None,     \* what is on its way to it from the API server
     tries        |-> {},       \* own writes whose fate may still show
     claimVersion |-> 0,        \* the version of a proved claim, 0 for none
     grant        |-> None]     \* the term

Identity(c) == <<c, process[c].nonce>>
Named(c) == process[c].record # None /\ process[c].record.holder = Identity(c)
Leads(c) == process[c].grant # None

(* Who may be taken over from at once: a record that says released, our own, or that of an earlier process of this
   pod, which the pod's socket proves dead. Everybody else is waited for. *)
FreeAtOnce(c, record) ==
    \/ record.released
    \/ record.holder \in {<<c, nonce>> : nonce \in 0..process[c].nonce}

(* The token of the term that follows a proved claim. *)
NextToken(p) == Max(Max(p.record.token, p.claimVersion), p.highest) + 1

(* Whether a newer record shows that the term is over. *)
TermIsOver(grant, record, identity) ==
    \/ record.uid # grant.uid
    \/ record.holder # identity
    \/ record.token > grant.token

(* Make this the observed record; end the term if it shows that the term is over. Attempts on an older version can no
   longer take effect; the one that this record shows may yet be credited. *)
Take(c, p, record) ==
    [p EXCEPT
        !.record = record,
        !.newest = record.version,
        !.highest = Max(@, record.token),
        !.claimVersion = IF @ = record.version THEN @ ELSE 0,
        !.tries = {a \in @ : a.base >= record.version \/ Stamp(a) = record.stamp},
        !.grant = IF @ # None /\ record.version > @.version /\ TermIsOver(@, record, Identity(c)) THEN None ELSE @]

(* The attempt of ours that stands in a record: told by uid, identity, renewTime and token. *)
Standing(c, p, record) ==
    IF record = None \/ record.holder # Identity(c) THEN {}
    ELSE {a \in p.tries : a.uid = record.uid /\ Stamp(a) = record.stamp /\ a.token = record.token}

BeginsTerm(attempt) == attempt.kind = "token"

(* Draw the consequence of a proved record: that attempt's, no other's. A token write counts while the validity that
   runs from its sending has not run out, and while the candidate still stands. *)
Credit(c, p, record, counts) ==
    LET grant == [token |-> record.token, uid |-> record.uid, version |-> record.version]
    IN IF Standing(c, p, record) = {} THEN p
       ELSE LET attempt == CHOOSE a \in Standing(c, p, record) : TRUE
            IN CASE p.grant # None /\ p.grant.token = record.token -> [p EXCEPT !.grant = grant]
                 [] BeginsTerm(attempt) /\ counts -> [p EXCEPT !.grant = grant, !.tries = {}]
                 [] attempt.kind = "claim" -> [p EXCEPT !.claimVersion = record.version]
                 [] OTHER -> p

----------------------------------------------------------------------------
(* What a sidecar asks for. *)

(* A read is served, and its answer is under way. It was sent when newest was the newest version known. *)
Read(c, newest) ==
    /\ process' = [process EXCEPT ![c].answer = [record |-> lease, newest |-> newest]]
    /\ UNCHANGED <<lease, version, requests, acquisitions, guard>>

Send(c, kind, token) ==
    LET p == process[c]
        attempt == [kind |-> kind, by |-> Identity(c), uid |-> p.record.uid, base |-> p.record.version,
                    number |-> Cardinality({a \in p.tries : a.base = p.record.version}) + 1, token |-> token]
    IN /\ attempt.number <= MaxTries
       /\ process' = [process EXCEPT ![c].tries = @ \cup {attempt}]
       /\ requests' = IF MayTakeEffect(attempt, lease) THEN requests \cup {attempt} ELSE requests
       /\ UNCHANGED <<lease, version, acquisitions, guard>>

(* The first write of an acquisition names us and leaves the token. When it may be sent is a matter of time. *)
Claim(c) ==
    /\ process[c].record # None
    /\ process[c].grant = None
    /\ process[c].claimVersion = 0
    /\ Send(c, "claim", process[c].record.token)

(* The second carries the token: the term begins with its proof. *)
WriteToken(c) ==
    /\ process[c].record # None
    /\ process[c].grant = None
    /\ process[c].claimVersion > 0
    /\ Send(c, "token", NextToken(process[c]))

Renew(c) ==
    /\ process[c].grant # None
    /\ Named(c)
    /\ Send(c, "renew", process[c].grant.token)

(* After a term; when, and when rather than a new claim, is a matter of time too. *)
Release(c) ==
    /\ process[c].grant = None
    /\ Named(c)
    /\ Send(c, "release", process[c].highest)

----------------------------------------------------------------------------
(* What the API server does. *)

(* A write takes effect, and is acknowledged if its sender still listens. *)
TakeEffect(attempt, v, acknowledged) ==
    LET record == Result(attempt, lease, v)
        sender == attempt.by[1]
    IN /\ MayTakeEffect(attempt, lease)
       /\ v > version
       /\ Store(record, requests \ {attempt})
       /\ acknowledged => Identity(sender) = attempt.by
       /\ process' = IF ~acknowledged THEN process
                     ELSE [process EXCEPT ![sender].answer = [record |-> record, newest |-> process[sender].newest]]
       /\ acquisitions' = IF attempt.kind # "token" THEN acquisitions
                          ELSE Append(acquisitions, [token |-> attempt.token, by |-> attempt.by])
       /\ UNCHANGED guard

----------------------------------------------------------------------------
(* What a sidecar learns. *)

(* A read was answered, or a write acknowledged. What is older than the newest record known proves nothing. *)
HearAnswer(c, counts) ==
    LET p == [process[c] EXCEPT !.answer = None]
        record == process[c].answer.record
        gone == [p EXCEPT !.record = None, !.tries = {}, !.claimVersion = 0, !.grant = None]
    IN /\ process[c].answer # None
       /\ process' = [process EXCEPT ![c] =
            CASE record = None -> IF process[c].answer.newest < p.newest THEN p ELSE gone
              [] record # None /\ record.version < p.newest -> p
              [] OTHER -> Credit(c, Take(c, p, record), record, counts)]
       /\ UNCHANGED <<lease, version, requests, acquisitions, guard>>

(* The answer is lost, or comes when nobody waits for it any more: neither yes nor no. *)
HearNothing(c) ==
    /\ process[c].answer # None
    /\ process' = [process EXCEPT ![c].answer = None]
    /\ UNCHANGED <<lease, version, requests, acquisitions, guard>>

(* The watch shows a record. A hint may end a term; it never begins or extends one. *)
WatchShows(c, record) ==
    /\ record.version >= process[c].newest
    /\ process' = [process EXCEPT ![c] = Take(c, @, record)]
    /\ UNCHANGED <<lease, version, requests, acquisitions, guard>>

----------------------------------------------------------------------------
(* How a term ends other than by what is seen, and how a process does. *)

(* The grant has run out, the app resigns, the process is asked to stop or cannot trust itself. *)
StepDown(c) ==
    /\ process[c].grant # None
    /\ process' = [process EXCEPT ![c].grant = None]
    /\ UNCHANGED <<lease, version, requests, acquisitions, guard>>

(* The process has ended, however, and another one starts in the same pod. What it sent may still take effect. *)
Restart(c) ==
    /\ process' = [process EXCEPT ![c] = Newborn(@.nonce + 1)]
    /\ UNCHANGED <<lease, version, requests, acquisitions, guard>>

----------------------------------------------------------------------------
(* What others do to the Lease. *)

(* Its uid is the number of the version that made it: another one each time. *)
MakeLease(v) ==
    /\ lease = None
    /\ v > version
    /\ Store(Unheld(v, v), requests)
    /\ UNCHANGED <<process, acquisitions, guard>>

DeleteLease ==
    /\ lease # None
    /\ lease' = None
    /\ requests' = {}
    /\ UNCHANGED <<version, process, acquisitions, guard>>

(* Somebody changes the holder or the token, or writes something that is not ours. With renewTime goes the stamp. *)
EditLease(holder, token, keepsStamp, v) ==
    /\ lease # None
    /\ v > version
    /\ holder \in {lease.holder, Nobody, Somebody}
    /\ Store([lease EXCEPT !.version = v, !.holder = holder, !.token = token,
                           !.stamp = IF keepsStamp THEN @ ELSE None,
                           !.released = @ /\ holder = lease.holder /\ token = lease.token], requests)
    /\ UNCHANGED <<process, acquisitions, guard>>

----------------------------------------------------------------------------
(* Apps and the guard. *)

(* The guard's rule: check and change are one step. *)
Accepts(g, token) == token >= g.mark

(* A write with the token of any term may arrive at any time: late, again, after the death of who sent it. *)
GuardReceives(resource, token) ==
    LET g == guard[resource]
    IN /\ guard' = IF ~Accepts(g, token) THEN guard
                   ELSE [guard EXCEPT ![resource] = [mark     |-> Max(g.mark, token),
                                                     effect   |-> token,
                                                     undercut |-> g.undercut \/ token < g.mark]]
       /\ UNCHANGED <<lease, version, requests, process, acquisitions>>

(* A new leader stamps a resource before it reads there: what is older must not take effect any more. *)
GuardStamps(resource, token) ==
    /\ guard' = [guard EXCEPT ![resource].mark = Max(@, token)]
    /\ UNCHANGED <<lease, version, requests, process, acquisitions>>

----------------------------------------------------------------------------
InitWith(record, known, won) ==
    /\ lease = record
    /\ version = 0
    /\ requests = {}
    /\ process = known
    /\ acquisitions = won
    /\ guard = [resource \in Resources |-> [mark |-> 0, effect |-> 0, undercut |-> FALSE]]

AllNewborn == [c \in Candidates |-> Newborn(0)]

Init == InitWith(None, AllNewborn, <<>>)

Tokens == {acquisitions[i].token : i \in DOMAIN acquisitions}

(* Left out of what is looked at, because it changes nothing: a read that would tell nothing new, and a write on a
   version that is past. And what is bounded: no more than MaxUnderWay writes, and answers, under way at once. One
   write is enough without clocks: of several on one version only one can take effect, and the others are as if they
   had never been sent. *)
MayRead(c) ==
    /\ Cardinality({d \in Candidates : process[d].answer # None}) < MaxUnderWay
    /\ lease # process[c].record \/ Standing(c, process[c], lease) # {}

MayWrite(c) ==
    /\ Cardinality(requests) < MaxUnderWay
    /\ lease # None
    /\ process[c].record # None
    /\ process[c].record.version = lease.version

MayHear(c, counts) ==   \* whether it counts is a difference only to the proof of a write
    /\ process[c].answer # None
    /\ counts \/ Standing(c, process[c], process[c].answer.record) # {}

GuardActs == Cardinality(Tokens) > 1    \* none is forgotten, so what it does with the first may as well come later

Next ==
    \/ \E c \in Candidates : MayRead(c) /\ Read(c, process[c].newest)
    \/ \E c \in Candidates : MayWrite(c) /\ Claim(c)
    \/ \E c \in Candidates : MayWrite(c) /\ WriteToken(c)
    \/ \E c \in Candidates : MayWrite(c) /\ Renew(c)
    \/ \E c \in Candidates : MayWrite(c) /\ Release(c)
    \/ \E attempt \in requests, acknowledged \in BOOLEAN :
           version < MaxVersion /\ TakeEffect(attempt, version + 1, acknowledged)
    \/ \E c \in Candidates, counts \in BOOLEAN : MayHear(c, counts) /\ HearAnswer(c, counts)
    \/ \E c \in Candidates : HearNothing(c)
    \/ \E c \in Candidates : lease # None /\ lease # process[c].record /\ WatchShows(c, lease)
    \/ \E c \in Candidates : StepDown(c)
    \/ \E c \in Candidates : process[c].nonce < MaxRestarts /\ Restart(c)
    \/ version < MaxVersion /\ MakeLease(version + 1)
    \/ DeleteLease
    \/ \E holder \in Strangers, keepsStamp \in BOOLEAN :
           version < MaxVersion /\ EditLease(holder, 0, keepsStamp, version + 1)
    \/ \E resource \in Resources, token \in Tokens : GuardActs /\ GuardReceives(resource, token)
    \/ \E resource \in Resources, token \in Tokens : GuardActs /\ GuardStamps(resource, token)

Spec == Init /\ [][Next]_vars

----------------------------------------------------------------------------
(* The promises, by their names in docs/SAFETY.md. *)

(* A later acquisition has a larger token. *)
I2_TokenOrder ==
    \A i, j \in DOMAIN acquisitions : i < j => acquisitions[i].token < acquisitions[j].token

(* Why a deletion cannot bring an old token back. *)
I2_TokenWithinVersion == lease # None => lease.token <= lease.version

(* A term's token never changes while it lasts. *)
I3_TokenStays ==
    [][\A c \in Candidates : Leads(c) /\ Leads(c)' => process'[c].grant.token = process[c].grant.token]_vars

(* Nobody leads before the write that proves it has taken effect, and with no other token than that write's. *)
I4_ProvedFirst ==
    \A c \in Candidates : Leads(c) =>
        \E i \in DOMAIN acquisitions : acquisitions[i] = [token |-> process[c].grant.token, by |-> Identity(c)]

(* Per resource, accepted tokens never decrease. *)
I5_AcceptedNeverFall == [][\A resource \in Resources : guard'[resource].effect >= guard[resource].effect]_vars

(* Once a token was accepted or stamped, nothing below it takes effect. *)
I6_NothingBelow == \A resource \in Resources : ~guard[resource].undercut

(* A release touches only our own record; so does every write but a claim. *)
I7_OwnRecordOnly ==
    \A attempt \in requests : attempt.kind # "claim" => lease.holder = attempt.by

(* Who was shown another holder, term or uid leads no more. *)
I8_SeenIsOver ==
    \A c \in Candidates : Leads(c) =>
        LET p == process[c]
        IN /\ p.record # None
           /\ p.record.version >= p.grant.version
           /\ p.record.version > p.grant.version =>
                /\ p.record.uid = p.grant.uid
                /\ p.record.holder = Identity(c)
                /\ p.record.token <= p.grant.token

Symmetry == Permutations(Candidates)

(* What can still make a difference: an attempt that neither stands nor may take effect is as good as forgotten. *)
Matters(c, attempt) ==
    \/ attempt \in requests
    \/ lease # None /\ lease.stamp = Stamp(attempt)
    \/ process[c].answer # None /\ process[c].answer.record # None /\ process[c].answer.record.stamp = Stamp(attempt)

View == <<lease, version, requests, acquisitions, guard,
          [c \in Candidates |-> [process[c] EXCEPT !.tries = {a \in @ : Matters(c, a)}]]>>
=============================================================================
