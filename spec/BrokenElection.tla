--------------------------- MODULE BrokenElection ---------------------------
(* Owns rules that are wrong: a configuration puts one in the place of LeaseElection's, and TLC has to find what breaks. *)
EXTENDS LeaseElection

(* A count in the Lease begins again when the Lease is deleted and made again. *)
TransitionsAsToken(p) == p.record.transitions

(* A release that names no version, as of an elector that reads, decides and writes. *)
ReleaseWhateverStands(attempt, record) ==
    record # None /\ attempt.uid = record.uid /\ (attempt.kind = "release" \/ attempt.base = record.version)

(* A term that begins with the claim, before it has a token of its own. *)
ClaimBeginsTerm(attempt) == attempt.kind = "claim"

(* A holder that looks at the object and the token, and not at who is named. *)
HolderOverlooked(grant, record, identity) == record.uid # grant.uid \/ record.token > grant.token

(* A resource without a guard. *)
TakesAll(g, token) == TRUE
=============================================================================
