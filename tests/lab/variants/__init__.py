"""Known-bad variants of the election: `VARIANTS` has them all."""

from lab.variants import beliefs, validity, writes
from lab.variants.registry import VARIANTS

__all__ = ["VARIANTS", "beliefs", "validity", "writes"]
