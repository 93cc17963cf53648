"""Load on a unit, and what it makes of it: open-loop sending, latency from the scheduled moment, losses, cores.

Theory of operation
    Every message has a moment at which it is due (:mod:`rsu.load.schedule`); a process of its own sends it then
    (:mod:`rsu.load.sender`), and when that process or the unit stalls, latency still counts from the moment it was due: a
    stall counts against every message it delays. A part of each message that says nothing (the size of the vehicle) carries
    a running number (:mod:`rsu.load.mix`), so that what the unit shows on its bus is told apart without a change to the unit.
    Another process reads the bus (:mod:`rsu.load.listener`). All of them read CLOCK_MONOTONIC, which is one for the machine.

    Beside the unit stands an echo pipeline (:mod:`rsu.load.echo`): the same sockets and processes, no work. They take turns, as
    machines are shared and the difference is what the unit answers for.
"""
