"""The charts as helm renders them, with helm 4 and helm 3."""
