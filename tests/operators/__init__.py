"""The operator: its rules one by one, and as a process on a real kube-apiserver."""
