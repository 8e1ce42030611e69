"""What does the store do when it is killed, filled, locked or cut off? Kept, or clearly refused.

Every fault is real: processes are killed, disks are full. A few rounds of each run with the other
tests; `make faults` (`pytest -m faults`) runs many.
"""
