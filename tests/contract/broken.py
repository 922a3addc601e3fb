"""Development servers that are broken on purpose, each in one way that would break an election."""

from __future__ import annotations

from leader_sidecar.devserver.status import JsonObject, Resource
from leader_sidecar.devserver.store import Change, Store


class TakesStaleWrites(Store):
    """Take a PUT with an old resourceVersion: two candidates both acquire."""

    def require_version(self, resource: Resource, current: JsonObject, version: int) -> None:
        pass


class SkipsAnEvent(Store):
    """Leave one change of seven out of every watch: a follower sleeps through a hand-over."""

    def changes_after(self, version: int) -> list[Change]:
        return [change for change in super().changes_after(version) if change.version % 7]


class RepeatsAnEvent(Store):
    """Begin a watch with the change that it was to begin after."""

    def changes_after(self, version: int) -> list[Change]:
        return super().changes_after(version - 1)


class BeginsAgainAfterDeletion(Store):
    """Count versions anew when a Lease is deleted: fencing tokens fall."""

    def delete(self, resource: Resource, current: JsonObject) -> None:
        super().delete(resource, current)
        self.version = 0


class CountsForEachLease(Store):
    """Give each Lease a sequence of its own, as resourceVersions never were."""

    def __init__(self, history_limit: int = 1000) -> None:
        super().__init__(history_limit)
        self._counts: dict[str, int] = {}

    def _write(self, kind: str, resource: Resource, content: JsonObject) -> JsonObject:
        name = content["metadata"]["name"]
        self.version = self._counts.get(name, 0)
        self._counts[name] = self.version + 1
        return super()._write(kind, resource, content)


class SpendsVersionsOnNothing(Store):
    """Give a new version to a PUT that changes nothing."""

    def replace(self, resource: Resource, current: JsonObject, content: JsonObject) -> JsonObject:
        return self._write("MODIFIED", resource, content)


class HidesThatHistoryIsGone(Store):
    """Begin a watch with what is left where the changes asked for are forgotten: some are lost in silence."""

    def changes_after(self, version: int) -> list[Change]:
        return super().changes_after(max(version, self._forgotten))
