"""Owns the faults of processes and apps: killed, stopped, frozen, doubled, late, told to step down."""

from leader_sidecar.lab.candidate import Candidate
from leader_sidecar.lab.clocks import MachineClock
from leader_sidecar.lab.pods import Pod
from leader_sidecar.lab.schedule import Fault
from leader_sidecar.lab.world import World


def _running(world: World, fault: Fault) -> Candidate | None:
    process = world.pod(fault.target).process
    return process if process is not None and process.alive else None


def _kill(world: World, fault: Fault) -> None:
    process = _running(world, fault)
    if process is None:
        return
    back_s = 10.0 * fault.size**2
    process.kill()
    world.bury(process)
    world.struck("kill", world.time.now_s + back_s, None)
    world.time.after(back_s, process.pod.restart)


def _gentle_stop(world: World, fault: Fault) -> None:
    process = _running(world, fault)
    if process is None:
        return
    world.struck_times["gentle_stop"] += 1
    world.disturb(world.time.now_s, gentle=True)
    process.stop(app_at_work=fault.size < 0.5)


def _replaced(world: World, fault: Fault) -> None:
    pod = world.pod(fault.target)
    if pod.alive:
        world.struck("pod_replaced", world.time.now_s + 10.0 * fault.size, None)
        pod.vanish()
        world.time.after(10.0 * fault.size, _replace, world, pod)


def _replace(world: World, pod: Pod) -> None:
    if pod in world.pods:
        world.add_pod(pod.index, pod.timing).start_process()


def _freeze(world: World, fault: Fault) -> None:
    process = _running(world, fault)
    if process is None or process.frozen:
        return
    for_s = 1.0 + 0.98 * fault.for_s
    until_s = world.time.now_s + for_s
    world.struck(fault.kind, until_s, None)
    process.view.disturbed_s = max(process.view.disturbed_s, until_s)
    process.freeze()
    app = process.pod.app if fault.kind == "pod_frozen" else None
    if app is not None:
        app.freeze()
    world.time.after(for_s, _wake, world, process)


def _wake(world: World, process: Candidate) -> None:
    process.pod.app.wake()
    if process.frozen:
        process.wake()


def _timers_late(world: World, fault: Fault) -> None:
    pod = world.pod(fault.target)
    pod.late_timers_s = 5.0 * fault.size
    pod.late_until_s = world.time.now_s + fault.for_s


def _timers_early(world: World, fault: Fault) -> None:
    pod = world.pod(fault.target)
    at_s = world.time.now_s
    while at_s < world.time.now_s + fault.for_s:
        world.time.at(at_s, _fire_early, world, pod)
        at_s += 0.2 + 3.0 * fault.size * world.rng.random()


def _fire_early(world: World, pod: Pod) -> None:
    if pod.process is not None and pod.process.alive:
        world.struck("timers_early", world.time.now_s, None)
        pod.process.fire_early()


def _twin_same_pod(world: World, fault: Fault) -> None:
    pod = world.pod(fault.target)
    first = pod.process
    if first is None or not first.alive or not pod.alive:
        return
    twin = pod.start_process()
    world.struck("twin_same_pod", world.time.now_s, None)
    if twin is not None:  # only where the socket's rule was taken away
        world.time.after(fault.for_s, _end_twin, world, pod, first, twin)


def _end_twin(world: World, pod: Pod, first: Candidate, twin: Candidate) -> None:
    if twin.alive:
        twin.kill()
        world.bury(twin)
    if pod.process is twin:
        pod.process = first
    world.disturb(world.time.now_s)


def _twin_same_name(world: World, fault: Fault) -> None:
    """The pod's node was given up while it lives: a pod of its name starts on another machine."""
    old = world.pod(fault.target)
    if not old.alive:
        return
    clock = MachineClock(world.time, 5000.0, old.clock.rate, old.clock.wall_offset_us)
    twin = Pod(world, old.index, clock, old.timing, len(world.pods_ever) + 1)
    world.pods_ever.append(twin)
    twin.start_process()
    world.struck("twin_same_name", world.time.now_s + fault.for_s, None)
    world.time.after(fault.for_s, _give_up, world, twin)


def _give_up(world: World, pod: Pod) -> None:
    pod.vanish()
    world.disturb(world.time.now_s)


def _resign(world: World, fault: Fault) -> None:
    process = _running(world, fault)
    if process is None or process.frozen or not world.monitor.asked(process).is_leader:
        return
    cooldown_s = 40.0 * fault.chance * fault.size if fault.size > 0.4 else 0.0
    world.struck_times["resign"] += 1
    process.out_s = world.time.now_s + max(cooldown_s, process.config.timing.lease_duration_s / process.clock.rate)
    world.disturb(process.out_s, gentle=True)
    process.resign(cooldown_s, app_at_work=cooldown_s > 0)


def _unhealthy(world: World, fault: Fault) -> None:
    process = _running(world, fault)
    if process is None:
        return
    until_s = world.time.now_s + fault.for_s
    world.struck("unhealthy", until_s, None)
    process.view.disturbed_s = max(process.view.disturbed_s, until_s)
    process.set_healthy(False)
    world.time.at(until_s, process.set_healthy, True)


def _app_paused(world: World, fault: Fault) -> None:
    app = world.pod(fault.target).app
    app.pause_s, app.pause_until_s = 60.0 * fault.size, world.time.now_s + fault.for_s


def _app_writes(world: World, fault: Fault) -> None:
    world.pod(fault.target).app.write_faults.append((fault.kind, world.time.now_s + fault.for_s, fault.size))


PROCESS_FAULTS = {
    "kill": _kill,
    "gentle_stop": _gentle_stop,
    "pod_replaced": _replaced,
    "freeze": _freeze,
    "pod_frozen": _freeze,
    "timers_late": _timers_late,
    "timers_early": _timers_early,
    "twin_same_pod": _twin_same_pod,
    "twin_same_name": _twin_same_name,
    "resign": _resign,
    "unhealthy": _unhealthy,
    "app_paused": _app_paused,
    "app_write_delayed": _app_writes,
    "app_write_repeated": _app_writes,
}
"""What begins each of these faults."""
