---------------------------- MODULE BrokenTiming ----------------------------
(* Owns a rule about time that is wrong: a configuration puts it in the place of TimedLease's, and I1 has to break. *)
EXTENDS TimedLease

(* A lease that counts from the response, as client-go's does. *)
CountedFromResponse(c, attempt) == 0
=============================================================================
