"""Owns a cron coordinator on etcd: a key under a lease is a candidacy, and the lowest create revision leads.

etcd counts a lease from the last keepalive that it heard; the coordinator counts it from the last one it sent that was
answered. So the coordinator's count ends first, whatever the network did.
"""

from leader_sidecar.lab.peers import Message, Peers, Process
from leader_sidecar.lab.story import LaneState, Mark

LEG_S = 0.005
LEASE_S = 10.0
RENEW_S = 3.0
FIRST_REVISION = 7

STORE = "etcd"
CAMPAIGN, QUEUED, KEEPALIVE, KEPT, LEASE_GONE, KEY_GONE, YOURS = (
    "campaign", "queued", "keepalive", "kept", "lease not found", "key gone", "your turn"
)  # fmt: skip


class Store(Process):
    """etcd, its members taken as one: leases, keys in the order of their creation, and who waits for which key."""

    def __init__(self, peers: Peers) -> None:
        super().__init__(peers, STORE)
        self.keys: dict[str, int] = {}
        """Each candidate's key, by its owner: its create revision, which is larger for every later one."""
        self.expired: list[tuple[str, float]] = []
        """Whose lease ran out, and when."""
        self._revision = FIRST_REVISION - 1
        self._until_s: dict[str, float] = {}
        self._waits_for: dict[str, str] = {}

    def receive(self, message: Message) -> None:
        """Take a coordinator's request."""
        client = message.sender
        if message.kind == CAMPAIGN:
            self._revision += 1
            self.keys[client] = self._revision
            self._keep(client)
            self.after(LEASE_S, self._look_at, client)
            self._queue(client)
        elif client not in self.keys:
            self.send(client, LEASE_GONE, why=f"The lease of {client} ran out long ago; so did its key.")
        elif message.kind == KEEPALIVE:
            self._keep(client)
            self.send(client, KEPT, message.body, shown=False)

    def _keep(self, client: str) -> None:
        self._until_s[client] = self.peers.time.now_s + LEASE_S

    def _queue(self, client: str) -> None:
        """Answer a campaign: with the turn, or with whom to wait for."""
        before = [name for name, revision in self.keys.items() if revision < self.keys[client]]
        if before:
            self._waits_for[client] = max(before, key=self.keys.__getitem__)
            self.send(client, QUEUED, self.keys[client], shown=False)
        else:
            self.send(client, YOURS, self.keys[client], shown=False)

    def _look_at(self, client: str) -> None:
        """End a lease that was not renewed."""
        left_s = self._until_s[client] - self.peers.time.now_s
        if left_s > 1e-9:
            self.after(left_s, self._look_at, client)
            return
        revision = self.keys.pop(client)
        self.expired.append((client, self.peers.time.now_s))
        text = f"No keepalive of {client} for {LEASE_S:g} s: etcd deletes its key of create revision {revision}."
        self.tell(Mark.NOTE, "a lease expires", text)
        for waiter, watched in list(self._waits_for.items()):
            if watched == client:
                del self._waits_for[waiter]
                lowest = min(self.keys.values())
                why = f"{waiter} waited for that key; of those left, {lowest} is the lowest create revision."
                self.send(waiter, KEY_GONE, why=why)
                self._queue(waiter)


class Coordinator(Process):
    """One replica of the cron coordinator."""

    def __init__(self, peers: Peers, name: str) -> None:
        super().__init__(peers, name)
        self.revision = 0
        self.led: list[tuple[float, float, int]] = []
        """From when to when it led, and with which create revision."""
        self.ran: list[float] = []
        """The ticks whose job it ran."""
        self._counts = 0  # numbers the counts of the lease: an answered keepalive makes the older one void

    @property
    def leads(self) -> bool:
        """Whether it believes to lead."""
        return bool(self.led) and self.led[-1][1] == float("inf")

    def begin(self) -> None:
        """Stand for election, and renew from now on."""
        self._campaign("It puts a key under a lease of its own; etcd notes the create revision.")
        self.after(RENEW_S, self._renew)

    def _campaign(self, why: str) -> None:
        self._count(self.peers.time.now_s)
        self.send(STORE, CAMPAIGN, why=why)

    def receive(self, message: Message) -> None:
        """Take what etcd says."""
        if message.kind == KEPT:
            self._count(message.body)
        elif message.kind == QUEUED:
            self.revision = message.body
        elif message.kind == YOURS:
            self.revision = message.body
            self.led.append((self.peers.time.now_s, float("inf"), self.revision))
            text = f"Its key has create revision {self.revision}, the lowest of all."
            self.tell(Mark.LEADS, f"{self.name} leads", text, LaneState.LEADS, str(self.revision))
        elif message.kind == LEASE_GONE:
            self._campaign("It takes a new lease and a new key: the highest create revision, the end of the queue.")

    def _renew(self) -> None:
        now_s = self.peers.time.now_s
        why = f"Once it is answered, the lease is good until {now_s + LEASE_S:.2f} s."
        self.send(STORE, KEEPALIVE, now_s, why=why if self.leads else "", shown=self.leads)
        self.after(RENEW_S, self._renew)

    def _count(self, sent_s: float) -> None:
        """Count the lease from the sending of what etcd has answered."""
        self._counts += 1
        self.peers.time.at(sent_s + LEASE_S, self.handle, self._run_out, self._counts)

    def _run_out(self, count: int) -> None:
        if count == self._counts and self.leads:
            begun_s, _, revision = self.led[-1]
            self.led[-1] = (begun_s, self.peers.time.now_s, revision)
            text = f"{LEASE_S:g} s since it sent the last keepalive that was answered: it must count as replaced."
            self.tell(Mark.ENDS, f"{self.name} stops by itself", text, LaneState.IDLE)

    def tick(self) -> None:
        """Run the job that is due, if it is for this replica."""
        if self.leads:
            self.ran.append(self.peers.time.now_s)
            self.tell(Mark.NOTE, f"{self.name} runs the job", f"Due at {self.peers.time.now_s:g} s.")
