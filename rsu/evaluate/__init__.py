"""How right the picture is: tracks against ground truth, by published measures.

==========================  =======================================================================================
:mod:`~rsu.evaluate.truth`      what was really there, read from a file
:mod:`~rsu.evaluate.reading`    a drive log as observations, tick by tick
:mod:`~rsu.evaluate.estimators` who is compared: the fusion, each of its sources alone, a naive baseline
:mod:`~rsu.evaluate.matching`   which track stands for which object at a tick, inside the region that is scored
:mod:`~rsu.evaluate.gospa`      one number for a tick: localisation, missed, false
:mod:`~rsu.evaluate.errors`     position error, NEES, recall, precision, time to confirm, latency
:mod:`~rsu.evaluate.identity`   id switches, IDF1, HOTA
:mod:`~rsu.evaluate.run`        all of it over one log
==========================  =======================================================================================
"""
