"""Run in an app's namespaces: ask the sidecar of this pod, a line for each answer: ask.py INTERVAL_SECONDS

A line is: instant of sending, instant of the answer (seconds of CLOCK_BOOTTIME, which all nodes of one machine share),
and the token, or - when not leading; an elector without tokens that leads is a 0. Each line of its standard input lets
the sidecar step down; it ends with its standard input.
"""

import http.client
import json
import os
import sys
import threading
import time


def now_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def obey() -> None:
    try:
        for _ in sys.stdin:
            connection = http.client.HTTPConnection("localhost", 8080, timeout=2.0)
            connection.request("POST", "/leader/resign")
            connection.getresponse()
            connection.close()
    finally:  # also where nobody answered: without this thread nothing would end the process
        os._exit(0)


def main(interval_s: float) -> None:
    threading.Thread(target=obey, daemon=True).start()
    connection = http.client.HTTPConnection("localhost", 8080, timeout=2.0)
    while True:
        time.sleep(interval_s)
        sent_s = now_s()
        try:
            connection.request("GET", "/leader")
            told = json.load(connection.getresponse())
        except (OSError, http.client.HTTPException, ValueError):
            connection.close()
            continue
        token = told.get("token", 0) if told["isLeader"] else "-"
        print(f"{sent_s:.4f} {now_s():.4f} {token}", flush=True)


main(float(sys.argv[1]))
