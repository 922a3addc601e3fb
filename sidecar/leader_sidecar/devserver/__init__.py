"""An API server for Leases in memory, for development, demonstrations and tests.

It keeps what elections rely on as a real kube-apiserver does, and is trusted only because it passes the contract suite
(`tests/contract`) that a real kube-apiserver passes. It has no rights but one token, and any namespace exists. What it
does not have it refuses (label selectors, dry runs, PATCH), except: lists come whole whatever their `limit`, finalizers
do not hold a deletion back, and only JSON is spoken. All is forgotten when it ends.

    async with await start("127.0.0.1:0") as server:
        server.write_kubeconfig(file)
"""
