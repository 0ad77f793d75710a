"""Reports of windows that moved: rendered, kept in a folder, shown."""
