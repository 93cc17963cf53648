"""Pictures of a crossing from above: what it looks like (:mod:`~rsu.draw.ground`), one moment of it (:mod:`~rsu.draw.aerial`),
many moments as a film (:mod:`~rsu.draw.film`). Needs matplotlib, an extra.
"""
