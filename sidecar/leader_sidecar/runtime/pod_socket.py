"""Owns the proof that no other process of this pod stands in the same election.

An abstract Unix socket is scoped by the network namespace, which is the pod's, and freed by the kernel when its process
ends, however it ends. Who holds it knows that every earlier process of this pod uid is dead (DESIGN §3, Acquire).
"""

import errno
import hashlib
import socket

_LONGEST_NAME = 107  # sun_path without the zero byte in front


class PodSocketTaken(Exception):
    """Another sidecar of this pod stands in this election; the message says so in one line."""


def bind_pod_socket(pod_uid: str, namespace: str, election: str) -> socket.socket:
    """Bind the socket of one pod and election, for as long as the process lives.

    Args:
        pod_uid: from the downward API, not "".
        namespace, election: the Lease.

    Raises:
        PodSocketTaken: somebody holds it.
        OSError: this machine has no abstract sockets.
    """
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(socket_name(pod_uid, namespace, election))
    except OSError as error:
        bound.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise PodSocketTaken(
            f"another sidecar of this pod stands in election {namespace}/{election}: remove one of the two containers"
        ) from None
    return bound


def socket_name(pod_uid: str, namespace: str, election: str) -> bytes:
    """Name the socket: `@leader-sidecar/<pod uid>/<namespace>/<election>`, its end hashed where that is too long."""
    name = f"leader-sidecar/{pod_uid}/{namespace}/{election}".encode()
    if len(name) > _LONGEST_NAME:
        digest = hashlib.sha256(f"{namespace}/{election}".encode()).hexdigest()
        name = f"leader-sidecar/{pod_uid}/".encode() + digest[:40].encode()
    return b"\0" + name
