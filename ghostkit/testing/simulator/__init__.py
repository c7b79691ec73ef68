"""A loopback server that speaks six vendors' wire formats, with faults by rule and a bill of its own.

    with running_simulator(rules=[{"nth": 2, "fault": {"kind": "cut_mid"}}]) as simulator:
        os.environ.update(simulator.environment())
        ...

Or `python -m ghostkit.testing.simulator --port 8765`. docs/simulator.md has the rules.
"""

from ghostkit.testing.simulator.handle import Simulator, running_simulator

__all__ = ["Simulator", "running_simulator"]
