"""Settings: read once, checked all together, handed on as frozen values."""

from shoebox.config.load import ConfigError, load
from shoebox.config.model import Config
from shoebox.config.settings import SETTINGS, Setting

__all__ = ["SETTINGS", "Config", "ConfigError", "Setting", "load"]
