"""Leader election for Kubernetes pods, with a fencing token over HTTP for any language."""

__version__ = "0.2.0"
