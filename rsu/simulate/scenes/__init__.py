"""The scenes that SUMO drives, each a module with its own roads and traffic."""

from __future__ import annotations

from types import MappingProxyType

from rsu.simulate.scenes import city, dense, merge, mountain, yard
from rsu.simulate.scenes.scene import Scene

__all__ = ["SCENES", "Scene"]

SCENES = MappingProxyType({scene.name: scene for scene in (city.SCENE, merge.SCENE, mountain.SCENE, yard.SCENE, dense.SCENE)})
