"""The machine and the process: hardware, threads, memory, progress, console."""
