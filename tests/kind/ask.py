"""Run inside an app's container: ask the sidecar of this pod forty times a second, a line for each answer.

A line is: instant of sending, instant of the answer (seconds of CLOCK_BOOTTIME, which all nodes of one machine share),
and the token, or - when not leading. It stops with its standard output.
"""

import http.client
import json
import time

INTERVAL_S = 0.025


def now_s() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def main() -> None:
    connection = http.client.HTTPConnection("localhost", 8080, timeout=2.0)
    while True:
        time.sleep(INTERVAL_S)
        sent_s = now_s()
        try:
            connection.request("GET", "/leader")
            told = json.load(connection.getresponse())
        except (OSError, http.client.HTTPException, ValueError):
            connection.close()
            continue
        token = told["token"] if told["isLeader"] else "-"
        print(f"{sent_s:.4f} {now_s():.4f} {token}", flush=True)


main()
