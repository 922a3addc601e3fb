"""The demo's app: works only while its pod leads. Standard library alone, as an app in any language could be."""
