"""HALO answers a company's telephone in Russian."""

__version__ = "0.1.0"
