"""Sidecars as real processes, on the development server and on a real kube-apiserver, judged from outside."""
