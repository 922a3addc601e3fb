"""Carries requests to the Kubernetes API and says what each came to; decides nothing (DESIGN §4)."""
