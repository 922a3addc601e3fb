---------------------------- MODULE BrokenTiming ----------------------------
(* Owns rules about time that are wrong: a configuration puts one in the place of TimedLease's, and I1 has to break. *)
EXTENDS TimedLease

(* A lease that counts from the response, as client-go's does. *)
CountedFromResponse(c, attempt) == 0

(* A release as soon as the answer is false, though the app may still be at work on the last one. *)
ReleaseAtOnce(c) == TRUE

(* An empty holder is free at once, though the Lease may have been wiped, or made again, under a living leader. *)
EmptyIsFree(c, record) == record.holder = Nobody
=============================================================================
