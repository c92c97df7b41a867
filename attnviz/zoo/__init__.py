"""Finds model folders, loads them once, refuses damaged ones, takes in new ones."""

from attnviz.families.card import FORMAT
from attnviz.zoo.adding import add, add_files, source_folder
from attnviz.zoo.cards import read_card, seal
from attnviz.zoo.files import check_files, read_weights
from attnviz.zoo.folders import BESIDE, beside_folders, folders, model_folders, own_folder
from attnviz.zoo.loading import beside, learning, load, models, problems

__all__ = [
    "BESIDE",
    "FORMAT",
    "add",
    "add_files",
    "beside",
    "beside_folders",
    "check_files",
    "folders",
    "learning",
    "load",
    "model_folders",
    "models",
    "own_folder",
    "problems",
    "read_card",
    "read_weights",
    "seal",
    "source_folder",
]
