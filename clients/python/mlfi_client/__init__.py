"""Logs a model's predictions to mlfi without slowing or breaking the model."""

from ._client import Mlfi, Model
from ._sender import Stats

__all__ = ["Mlfi", "Model", "Stats"]
__version__ = "0.1.0"
