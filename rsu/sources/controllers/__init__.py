"""What signal controllers write on the wire, without a socket: frames parsed and built, lamps, and neutral reports of them.

=============  ==========================================  ==============================================================
page           protocol                                    speaks
=============  ==========================================  ==============================================================
``gat1743``    GA/T 1743-2020                              reports of its own; answers queries
``gbt20999``   GB/T 20999-2017                             is asked, and asked whether it lives; may report of its own
``tscbm``      NTCIP 1202 signal status blob (TSCBM)       245 octets, ten times a second
=============  ==========================================  ==============================================================

:mod:`rsu.sources.live` puts sockets under them, :mod:`rsu.simulate` is the other end.
"""
