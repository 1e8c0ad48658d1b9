"""Settings, lifetimes, signals, health, logs, metrics, keys: what every service needs and no service owns."""

from chancery_runtime.application import Application
from chancery_runtime.errors import CorruptSeal, KeyServiceDown, StartupFailed
from chancery_runtime.service import run_service, serve
from chancery_runtime.settings import ServiceSettings

__all__ = ["Application", "CorruptSeal", "KeyServiceDown", "ServiceSettings", "StartupFailed", "run_service", "serve"]
