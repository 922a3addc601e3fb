"""Owns the numbers of an election and the one inequality that makes them safe."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """The settings of an election that are lengths of time, in seconds, and the clocks' assumed drift.

    Args:
        lease_duration_s: D, how long followers wait on an unchanged record; whole seconds, as on the wire.
        renew_deadline_s: R, how long a grant lasts, counted from the sending of the write that proved it.
        renew_interval_s: from one successful renewal to the next.
        retry_period_s: between attempts while they fail.
        stop_margin_s: M, what an app may still do after its last answer ran out.
        max_drift: ρ, the rates of any two clocks differ by a factor of at most 1 + ρ.
    """

    lease_duration_s: int = 15
    renew_deadline_s: float = 10.0
    renew_interval_s: float = 5.0
    retry_period_s: float = 1.0
    stop_margin_s: float = 2.0
    max_drift: float = 0.05

    @property
    def slack_s(self) -> float:
        """Seconds between the last moment a leader may act and the first moment a follower may, at the worst drift."""
        return self.lease_duration_s - (self.renew_deadline_s + self.stop_margin_s) * (1 + self.max_drift)

    def faults(self) -> list[str]:
        """List everything that makes these numbers unsafe or useless, one sentence each; empty when they are sound.

        Source: DESIGN §2, I1: (R + M)·(1 + ρ) < D.
        """
        return [sentence for broken, sentence in self._rules() if broken]

    def _rules(self) -> list[tuple[bool, str]]:
        d, r, m, rho = self.lease_duration_s, self.renew_deadline_s, self.stop_margin_s, self.max_drift
        lemma = (
            f"(renew-deadline {r:g}s + stop-margin {m:g}s) x (1 + max-drift {rho:g}) = {(r + m) * (1 + rho):.3f}s "
            f"is not below lease-duration {d:g}s: two leaders could overlap; raise lease-duration "
            f"to {int((r + m) * (1 + rho)) + 1}s or lower renew-deadline"
        )
        return [
            (d < 1 or d != int(d), f"lease-duration {d:g}s must be whole seconds, 1s or more"),
            (d > 3600, f"lease-duration {d:g}s is over an hour: a crash would leave no leader that long"),
            (r <= 0, "renew-deadline must be above 0s"),
            (m < 0, "stop-margin must not be negative"),
            (not 0 <= rho <= 1, f"max-drift {rho:g} must be from 0 to 1"),
            (self.retry_period_s < 0.05, f"retry-period {self.retry_period_s:g}s must be 50ms or more"),
            (self.renew_interval_s < 0.05, f"renew-interval {self.renew_interval_s:g}s must be 50ms or more"),
            (
                self.renew_interval_s + 2 * self.retry_period_s > r,
                f"renew-interval {self.renew_interval_s:g}s leaves no room for two retries of {self.retry_period_s:g}s "
                f"within renew-deadline {r:g}s: lower renew-interval to {max(r - 2 * self.retry_period_s, 0):g}s",
            ),
            (self.slack_s <= 0, lemma),
        ]
