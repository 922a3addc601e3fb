"""Owns a small world for property tests: one Lease, and three pods with clocks of their own.

It knows nothing of the laboratory: what both let pass would have to be wrong twice. A story is a list of steps, each a
word and its arguments; the method `_do_WORD` carries it out, and the judge looks on.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from core.judge import TIMING, Judge, Pod, Process, Request, proof_key
from core.play import edited, lease
from leader_sidecar.core import elector
from leader_sidecar.core import messages as m
from leader_sidecar.core.record import Record, parse_record
from leader_sidecar.core.state import Config

RATES = (1.0, 1.0 + TIMING.max_drift, 1.0 + TIMING.max_drift / 2)
WALLS_US = (1_800_000_000_000_000, 2_100_000_000_000_000, 1_500_000_000_000_000)
"""Wall clocks years apart, which stand still."""
LATENCY_S = 0.01
LEADER = "leader"
"""In the place of a pod's number: whoever leads at that moment, the first pod where nobody does."""
ROUNDING_S = 1e-6
FOREIGN = {"labels": {"by": "x"}, "ownerReferences": [{"kind": "Deployment", "name": "payouts"}]}

Step = tuple[Any, ...]


class World:
    """Play a story; afterwards `judge.broken` lists what did not hold, as (promise, text).

    Args:
        restores: the story has etcd restores, across which I1 and I2 are not promised.
    """

    def __init__(self, *, restores: bool = False) -> None:
        self.t_s = 0.0
        self.restores = restores
        self.version = 7
        self.uids = 1
        self.body: dict[str, Any] | None = lease(rv=7, token=4, released=4)
        self.body["metadata"] |= copy.deepcopy(FOREIGN)
        self.body["spec"]["strategy"] = "OldestEmulationVersion"
        self.body["metadata"]["uid"] = "uid-1"
        self.history = [self.record]
        self.strays: list[Request] = []
        self.pods = [Pod(f"payouts-{i}", rate, 1000.0 * i, WALLS_US[i]) for i, rate in enumerate(RATES)]
        self.judge = Judge(self)
        for pod in self.pods:
            self._start(pod)

    def play(self, story: Iterable[Sequence[Any]]) -> World:
        """Carry out the steps."""
        for word, *arguments in story:
            getattr(self, f"_do_{word}")(*(self._leader() if one is LEADER else one for one in arguments))
            self.judge.look_at_all(word)
        return self

    def _leader(self) -> int:
        return next((i for i, pod in enumerate(self.pods) if pod.process and pod.process.token is not None), 0)

    @property
    def record(self) -> Record:
        """The Lease as the API server has it."""
        parsed = parse_record(self.body)
        assert isinstance(parsed, Record), parsed
        return parsed

    # --- steps --------------------------------------------------------------------------------------------------------

    def _do_smooth(self, for_s: float) -> None:
        """Let things go their way, as far as each pod's way to the API server is open."""
        end_s = self.t_s + for_s
        for _ in range(2000):
            busy = [self._serve_and_tell(pod) for pod in self.pods if pod.way != "frozen"]
            if not any(busy):
                due_s = min((self._due_s(pod) for pod in self.pods if pod.way != "frozen"), default=end_s)
                if due_s >= end_s:
                    break
                self.t_s = max(self.t_s, due_s)
                for pod in self.pods:
                    if pod.way != "frozen" and self._due_s(pod) <= self.t_s + ROUNDING_S:
                        self._do_tick(self.pods.index(pod))
            self.t_s += LATENCY_S
            if self.t_s >= end_s:
                break
        self.t_s = max(self.t_s, end_s)

    def _serve_and_tell(self, pod: Pod) -> bool:
        index, process = self.pods.index(pod), pod.process
        busy = False
        if process is not None and process.request is not None:
            busy = True
            if pod.way == "cut":
                self._do_fail(index)
            elif pod.way == "mute":
                self._do_serve(index)
                self._do_fail(index)
            elif pod.way == "slow":
                busy = process.request.outcome is None
                self._do_serve(index)
            else:
                self._do_serve(index)
                self._do_answer(index)
        if pod.unseen and pod.way in ("open", "slow", "mute"):
            busy = True
            for record, deleted in pod.unseen:
                self._feed(pod, m.RecordNotified, record=record, deleted=deleted)
            pod.unseen.clear()
        return busy

    def _do_sleep(self, for_s: float) -> None:
        """Time passes and nobody handles anything: blocked loops, a stopped machine."""
        self.t_s += for_s

    def _do_way(self, index: int, way: str) -> None:
        """Change a pod's way: open, slow (answers wait), mute (they are lost), blind (no watch), cut, or frozen."""
        pod = self.pods[index]
        missed, pod.way = pod.way in ("blind", "cut"), way
        if missed:
            pod.unseen.clear()
            self._feed(pod, m.WatchBegan)

    def _do_tick(self, index: int) -> None:
        process = self.pods[index].process
        if process is not None:
            process.timer_at_s = float("inf")
            self._feed(self.pods[index], m.TimerFired)

    def _do_serve(self, index: int) -> None:
        """The request reaches the API server."""
        process = self.pods[index].process
        if process is not None and process.request is not None and process.request.outcome is None:
            process.request.outcome = self._handle(process.request, process)

    def _do_answer(self, index: int) -> None:
        """The answer reaches the process."""
        process = self.pods[index].process
        if process is not None and process.request is not None and process.request.outcome is not None:
            self._tell(self.pods[index], process.request.outcome)

    def _do_fail(self, index: int) -> None:
        """The process gives a request up; one that was not served may still arrive."""
        process = self.pods[index].process
        if process is not None and process.request is not None:
            if process.request.outcome is None:
                self.strays.append(process.request)
            self._tell(self.pods[index], m.Unknown("no answer"))

    def _do_garbage(self, index: int) -> None:
        """A proxy answers a read with a page of its own."""
        process = self.pods[index].process
        if process is not None and process.request is not None and process.request.kind is m.Kind.READ:
            self._tell(self.pods[index], m.Rejected(200, "this is no Lease"))

    def _do_stale(self, index: int, back: int) -> None:
        """A read is answered with an old record, as by a member of etcd that was restored."""
        process = self.pods[index].process
        request = process.request if process is not None and self.restores else None
        if request is not None and request.kind is m.Kind.READ:
            self._tell(self.pods[index], m.Found(self.history[-1 - min(back, len(self.history) - 1)]))

    def _do_stray(self, index: int) -> None:
        """A request that was given up arrives late."""
        if self.strays:
            self._handle(self.strays.pop(index % len(self.strays)), None)

    def _do_notify(self, index: int, back: int) -> None:
        """The watch shows a record, perhaps an old one."""
        record = self.history[-1 - min(back, len(self.history) - 1)]
        self._feed(self.pods[index], m.RecordNotified, record=record, deleted=False)

    def _do_edit(self, fields: dict[str, Any]) -> None:
        """Somebody else writes the Lease."""
        if self.body is not None:
            self._store(edited(self.body, fields))

    def _do_wipe(self) -> None:
        if self.body is not None:
            self._store({**self.body, "spec": {}})

    def _do_delete(self, again: bool) -> None:
        """Somebody deletes the Lease, and perhaps makes it again."""
        if self.body is not None:
            self.version += 1
            gone = edited(self.body, {"rv": self.version})
            last = parse_record(gone)
            assert isinstance(last, Record)
            self.body = None
            for pod in self.pods:
                pod.unseen.append((last, True))
        if again and self.body is None:
            self.uids += 1
            self._store(edited(lease(), {"uid": f"uid-{self.uids}"}))

    def _do_restore(self, back: int) -> None:
        """Etcd goes back to an older version of the Lease; new versions are higher than all before."""
        if self.restores and self.body is not None and len(self.history) > back:
            del self.history[len(self.history) - back :]
            self.body = copy.deepcopy(dict(self.history[-1].body))
            self.version += 1000

    def _do_restart(self, index: int) -> None:
        """The process dies without a word and its container starts again."""
        self._start(self.pods[index])

    def _do_resign(self, index: int, at_work: bool) -> None:
        self._feed(self.pods[index], m.ResignRequested, app_at_work=at_work)

    def _do_stop(self, index: int, at_work: bool) -> None:
        self._feed(self.pods[index], m.StopRequested, app_at_work=at_work)

    def _do_health(self, index: int, healthy: bool) -> None:
        self._feed(self.pods[index], m.HealthChanged, healthy=healthy, reason="drawn")

    # --- the API server -----------------------------------------------------------------------------------------------

    def _store(self, body: dict[str, Any]) -> Record:
        self.version += 1
        self.body = edited(body, {"rv": self.version})
        self.history.append(self.record)
        for pod in self.pods:
            pod.unseen.append((self.record, False))
        return self.record

    def _handle(self, request: Request, process: Process | None) -> Any:
        if request.kind is m.Kind.READ:
            return m.Found(self.record) if self.body is not None else m.Absent()
        if self.body is None:
            return m.Conflict()
        before, wanted = self.record, request.body["metadata"]
        if (wanted["resourceVersion"], wanted["uid"]) != (str(before.version), before.uid):
            return m.Conflict()
        self.judge.written(request, before)
        return m.Written(self._store(copy.deepcopy(request.body)))

    # --- processes ----------------------------------------------------------------------------------------------------

    def _start(self, pod: Pod) -> None:
        if pod.process is not None and pod.process.request is not None:
            self.strays.append(pod.process.request)
        pod.nonces += 1
        uid = f"00000000-0000-4000-8000-00000000000{pod.name[-1]}"
        config = Config("default", "payouts", pod.name, uid, f"{pod.nonces:016x}", TIMING, sole_in_pod=True)
        pod.process = Process(elector.new_state(config))
        self._feed(pod, m.Started)

    def _due_s(self, pod: Pod) -> float:
        return (pod.process.timer_at_s - pod.offset_s) / pod.rate if pod.process else float("inf")

    def _tell(self, pod: Pod, outcome: Any) -> None:
        assert pod.process is not None
        request, pod.process.request = pod.process.request, None
        assert request is not None
        event = m.ReadDone if request.kind is m.Kind.READ else m.WriteDone
        self._feed(pod, event, request=request, number=request.number, outcome=outcome)

    def _feed(self, pod: Pod, kind: type[m.Event], request: Request | None = None, **facts: Any) -> None:
        process = pod.process
        if process is None:
            return
        now_s = pod.now_s(self.t_s)
        event = kind(at_s=now_s, wall_us=pod.wall_us, **facts)
        if isinstance(event, m.StopRequested | m.ResignRequested) and not event.app_at_work:
            pod.promised_s = float("-inf")
        identity = process.state.config.identity
        process.state, effects = elector.step(process.state, event)
        for effect in effects:
            if isinstance(effect, m.SetTimer):
                process.timer_at_s = effect.at_s
            elif isinstance(effect, m.Finished):
                pod.process = None
            elif isinstance(effect, m.Read):
                process.request = Request(effect.number, m.Kind.READ, {}, process.newest, identity)
            elif isinstance(effect, m.Write):
                body = copy.deepcopy(dict(effect.body))
                process.request = Request(effect.number, effect.kind, body, process.newest, identity)
                process.sent_at_s[proof_key(body)] = now_s
        self.judge.stepped(pod, process, event, request, effects)
