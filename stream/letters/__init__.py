"""Dead letters as a workbench: list, look at, export, repair and drive them through the stream again."""
