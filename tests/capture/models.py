"""All models of the matrix by name."""

from tests.capture import models_custom, models_keras, models_structure
from tests.capture.zoo import BUILDERS

__all__ = ["BUILDERS", "models_custom", "models_keras", "models_structure"]
