"""Owns the rules of the Pod Security Standard `restricted`, which includes `baseline`, for a pod's spec on Linux.

Source: kubernetes.io/docs/concepts/security/pod-security-standards, as of Kubernetes 1.37.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"
}  # fmt: skip
_SECCOMP = {"RuntimeDefault", "Localhost"}
_APPARMOR = {"RuntimeDefault", "Localhost"}
_SELINUX = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
}  # fmt: skip


def restricted_faults(spec: dict[str, Any]) -> list[str]:
    """List what `restricted` forbids in a pod's spec, each by the path of its field; empty when nothing."""
    containers = {
        f"{where}[{one['name']}]": one
        for where in ("initContainers", "containers", "ephemeralContainers")
        for one in spec.get(where) or []
    }
    found = [*_of_the_pod(spec)]
    for path, container in containers.items():
        found += [f"{path}.{fault}" for fault in _of_a_container(container, spec.get("securityContext") or {})]
    return found


def _of_the_pod(spec: dict[str, Any]) -> Iterator[str]:
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name))
    for volume in spec.get("volumes") or []:
        yield from (f"volumes[{volume['name']}].{kind}" for kind in volume.keys() - {"name"} - _VOLUMES)
    context = spec.get("securityContext") or {}
    yield from (
        f"securityContext.sysctls[{one['name']}]" for one in context.get("sysctls") or [] if one["name"] not in _SYSCTLS
    )
    yield from (f"securityContext.{fault}" for fault in _of_any_context(context))


def _of_a_container(container: dict[str, Any], of_the_pod: dict[str, Any]) -> Iterator[str]:
    context = container.get("securityContext") or {}
    yield from (f"securityContext.{fault}" for fault in _of_any_context(context))
    if context.get("privileged"):
        yield "securityContext.privileged"
    if context.get("allowPrivilegeEscalation") is not False:
        yield "securityContext.allowPrivilegeEscalation"
    capabilities = context.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or []):
        yield "securityContext.capabilities.drop"
    if set(capabilities.get("add") or []) - {"NET_BIND_SERVICE"}:
        yield "securityContext.capabilities.add"
    if context.get("procMount", "Default") != "Default":
        yield "securityContext.procMount"
    if context.get("runAsNonRoot", of_the_pod.get("runAsNonRoot")) is not True:
        yield "securityContext.runAsNonRoot"
    if (context.get("seccompProfile") or of_the_pod.get("seccompProfile") or {}).get("type") not in _SECCOMP:
        yield "securityContext.seccompProfile"
    yield from (
        f"ports[{one['containerPort']}].hostPort" for one in container.get("ports") or [] if one.get("hostPort")
    )
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        for ask in ("httpGet", "tcpSocket"):
            if ((container.get(probe) or {}).get(ask) or {}).get("host"):
                yield f"{probe}.{ask}.host"


def _of_any_context(context: dict[str, Any]) -> Iterator[str]:
    """What is forbidden alike in the context of a pod and in that of a container."""
    if context.get("runAsUser") == 0:
        yield "runAsUser"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield "windowsOptions.hostProcess"
    selinux = context.get("seLinuxOptions") or {}
    if selinux.get("type", "") not in _SELINUX or selinux.get("user") or selinux.get("role"):
        yield "seLinuxOptions"
    if (context.get("appArmorProfile") or {"type": "RuntimeDefault"}).get("type") not in _APPARMOR:
        yield "appArmorProfile"
    if (context.get("seccompProfile") or {"type": "RuntimeDefault"}).get("type") not in _SECCOMP:
        yield "seccompProfile"
