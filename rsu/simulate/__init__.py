"""What a unit hears, made up: vehicles and roadside messages, signal controllers, a perception box.

The generators are pure: a seed and a start time go in, and :meth:`Simulator.due` gives what is to be sent up to a moment. The
same seed and start give the same octets. :mod:`rsu.simulate.sending` puts sockets and the clock around them.

:mod:`rsu.simulate.drive` writes it to a log in place of that, with the ground truth: SUMO drives a scene of
:mod:`rsu.simulate.scenes` (docs/simulation.md).
"""

from rsu.simulate.base import Message, Schedule, Simulator

__all__ = ["Message", "Schedule", "Simulator"]
